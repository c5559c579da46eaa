#include "engine/actions/effects/image_names.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/actions/oci/login.h"
#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The length of a run of digits at `at`.
std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end]))
    ++end;
  return end - at;
}

/// Three numbers with this sign between them, that begin at `at`.
bool is_triple(std::string_view text, std::size_t at, char sign) {
  for (int part = 0; part < 3; ++part) {
    const std::size_t digits = digits_at(text, at);
    if (digits == 0) return false;
    at += digits;
    if (part < 2 && (at >= text.size() || text[at++] != sign)) return false;
  }
  return true;
}

/// A word of hexadecimal digits, long enough for a commit, that is not a word of a language.
bool is_hex_word(std::string_view word) {
  constexpr std::size_t kShortest = 7;
  if (word.size() < kShortest) return false;
  const bool is_hex = word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return is_hex && word.find_first_of("0123456789") != std::string_view::npos;
}

Result<ImageName> split_name(const std::string& to) {
  const Result<oci::Reference> ref = oci::parse_reference(to);
  if (!ref) return std::unexpected(ref.error());
  if (ref->digest) return fail(fmt::format("`to` is `{}`: a digest is no name", printable(to)));
  return ImageName{ref->registry, ref->repository, ref->tag};
}

}  // namespace

std::string show(const ImageName& name) {
  return fmt::format("{}/{}:{}", name.host, name.repository, name.tag);
}

bool is_pinned(std::string_view tag) {
  for (std::size_t at = 0; at < tag.size(); ++at) {
    const bool begins = is_digit(tag[at]) && (at == 0 || !is_digit(tag[at - 1]));
    if (begins && (is_triple(tag, at, '.') || is_triple(tag, at, '-'))) return true;
  }
  std::size_t begin = 0;
  while (begin <= tag.size()) {
    const std::size_t end = std::min(tag.find_first_of("-_.", begin), tag.size());
    if (is_hex_word(tag.substr(begin, end - begin))) return true;
    begin = end + 1;
  }
  return false;
}

Result<std::vector<ImageName>> image_names(const Context& context, const std::string& below) {
  const std::vector<std::string_view> tags = strings_arg(context, "tags");
  const bool says = find_arg(context, "floating").has_value();
  const std::vector<std::string_view> floating = strings_arg(context, "floating");
  std::vector<ImageName> names;
  for (const std::string_view to : strings_arg(context, "to")) {
    Result<ImageName> name = split_name(std::string(to));
    if (!name) return std::unexpected(name.error());
    const bool is_whole = !name->tag.empty();
    if (is_whole && !below.empty()) {
      return fail(fmt::format("`to` is `{}`: with `images` it names no tag", printable(to)));
    }
    if (is_whole && !tags.empty()) {
      return fail(fmt::format("`to` is `{}`, which has a tag; `tags` gives others", printable(to)));
    }
    if (!is_whole && tags.empty()) {
      return fail(fmt::format("`{}` has no tag, and `tags` is empty", printable(to)));
    }
    if (!below.empty()) name->repository += "/" + below;
    for (const std::string_view tag : is_whole ? std::vector<std::string_view>{name->tag} : tags) {
      if (!oci::is_tag(tag)) {
        return fail(fmt::format("`{}` is no tag: it has letters, digits and _ . -, up to 128",
                                printable(tag)));
      }
      ImageName one{name->host, name->repository, std::string(tag)};
      one.moves = says ? std::ranges::find(floating, tag) != floating.end() : !is_pinned(tag);
      names.push_back(std::move(one));
    }
  }
  return names;
}

Result<std::shared_ptr<oci::Registry>> Registries::open(const std::string& host) {
  std::shared_ptr<oci::Registry>& held = open_[host];
  if (held) return held;
  Result<std::unique_ptr<oci::Registry>> opened = oci::open_registry(context_, host);
  if (!opened) return std::unexpected(opened.error());
  held = *std::move(opened);
  return held;
}

Status check_logins(const Context& context, const std::vector<ImageName>& names) {
  Registries registries(context);
  std::vector<std::string> asked;
  for (const ImageName& name : names) {
    const std::string where = name.host + "/" + name.repository;
    if (std::ranges::find(asked, where) != asked.end()) continue;
    asked.push_back(where);
    const auto registry = registries.open(name.host);
    if (!registry) return std::unexpected(registry.error());
    const oci::Reply<void> taken = (*registry)->check_login(name.repository);
    if (taken) continue;
    const oci::Refusal& refusal = taken.error();
    const bool is_refused =
        refusal.status == net::kUnauthorized || refusal.status == net::kForbidden;
    if (is_refused || refusal.unreachable) return std::unexpected(refusal.error());
  }
  return {};
}

StepFacts name_facts(std::string kind, const ImageName& name, const Sha256& digest) {
  StepFacts facts;
  facts.kind = std::move(kind);
  facts.target = show(name);
  facts.digest = oci::show(digest);
  facts.turn = name.moves ? Turn::Moving : Turn::Final;
  facts.can_revert = name.moves;
  return facts;
}

Result<Seen> NameStep::look() {
  const auto found = registry_->head_manifest(name_.repository, name_.tag);
  if (!found) return std::unexpected(found.error().error());
  const std::optional<oci::Descriptor>& there = *found;
  if (!there) return Seen{Held::Nothing};
  const std::string digest = oci::show(there->digest);
  return Seen{digest == facts().digest ? Held::Same : Held::Other, digest};
}

Status NameStep::revert(const std::string& before) {
  const auto old = registry_->get_manifest(name_.repository, before);
  if (!old) return std::unexpected(old.error().error());
  const auto done =
      registry_->push_manifest(name_.repository, name_.tag, old->descriptor.media_type, old->bytes);
  return done ? Status() : std::unexpected(done.error().error());
}

}  // namespace devgraph::actions
