#include "engine/cli/live_line.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph::cli {

bool can_redraw(const Context& context) {
  const auto term = context.environment.find("TERM");
  const bool is_dumb = term == context.environment.end() || term->second == "dumb";
  return context.console.talk_is_terminal && !is_dumb;
}

LiveLine::LiveLine(Context& context)
    : console_(context.console), is_live_(can_redraw(context) && !context.console.quiet) {
  if (is_live_) thread_ = std::thread([this] { redraw_until_over(); });
}

LiveLine::~LiveLine() {
  end({});
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LiveLine::begin(std::string number, std::string what) {
  if (!is_live_) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  number_ = std::move(number);
  what_ = std::move(what);
  since_ = Clock::now();
  console_.talk(drawn());
}

void LiveLine::end(std::string_view text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string all = erased() + std::string(text);
  what_.clear();
  if (!all.empty()) console_.talk(all);
}

void LiveLine::redraw_until_over() {
  constexpr std::chrono::milliseconds kPause{100};
  std::unique_lock<std::mutex> lock(mutex_);
  while (!changed_.wait_for(lock, kPause, [this] { return over_; })) {
    if (!what_.empty()) console_.talk(drawn());
  }
}

std::string LiveLine::drawn() {
  const unsigned width = std::max(20u, console_.width()) - 1;
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - since_);
  std::string text = erased();
  const std::string line =
      cut_to_width(fmt::format("{} {:>8} {}", number_, human_duration(time), what_), width);
  shown_ = text_width(line);
  return text + line + "\n";
}

/// After a resize the line may fill more rows than it did.
std::string LiveLine::erased() {
  if (shown_ == 0) return {};
  const unsigned width = std::max(1u, console_.width());
  const unsigned rows = (shown_ + width - 1) / width;
  shown_ = 0;
  std::string text = "\r\x1b[2K";
  for (unsigned i = 0; i < rows; ++i)
    text += "\x1b[A\x1b[2K";
  return text;
}

}  // namespace devgraph::cli
