#include "engine/cli/secret_store.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include "engine/actions/net/url.h"
#include "engine/base/child.h"
#include "engine/base/path.h"
#include "engine/base/text.h"
#include "engine/cli/ask_secret.h"

namespace devgraph::cli {
namespace {

constexpr const char* kCode = "E922";

/// The user's file, `secrets.toml`.
class SecretFile {
 public:
  explicit SecretFile(Context& context);

  const std::string& shown() const { return shown_; }
  /// False: the file is no good, and the fault is in `context.found`.
  bool read();
  /// The value, or nothing if the file has no word of it.
  Result<std::optional<std::string>> find(const std::string& name) const;
  /// Whether the secret may go to a host.
  bool lets(const std::string& name, const std::string& host) const;

 private:
  bool refuse(std::string message, std::string help);
  bool check_entries();
  bool check_command(const toml::node* node, const std::string& what);

  Context& context_;
  std::string path_;
  std::string shown_;
  toml::table table_;
};

SecretFile::SecretFile(Context& context) : context_(context) {
  const auto variable = [&](const char* name) {
    const auto found = context.environment.find(name);
    return found == context.environment.end() ? std::string() : found->second;
  };
  const std::string base = variable("XDG_CONFIG_HOME");
  const std::string home = variable("HOME");
  if (base.starts_with('/')) {
    path_ = join_path(base, "devgraph/secrets.toml");
  } else if (home.starts_with('/')) {
    path_ = join_path(home, ".config/devgraph/secrets.toml");
  }
  shown_ = printable(path_);
}

bool SecretFile::refuse(std::string message, std::string help) {
  add_fault(context_, kCode, std::move(message), {std::move(help)});
  return false;
}

bool SecretFile::read() {
  struct stat about{};
  if (path_.empty() || ::stat(path_.c_str(), &about) != 0) return true;
  if (about.st_uid != ::geteuid() || (about.st_mode & 077U) != 0) {
    return refuse(fmt::format("{} can be read by others", shown_),
                  fmt::format("it holds secrets: chmod 600 {}", shown_));
  }
  const Result<std::string> text = context_.files.read(path_);
  if (!text) return refuse(text.error().message, "it is the file of your secrets");
  try {
    table_ = toml::parse(*text);
  } catch (const toml::parse_error& error) {
    // What the parser found may be a secret.
    return refuse(fmt::format("{}:{}:{}: this is no TOML", shown_, error.source().begin.line,
                              error.source().begin.column),
                  "the file of your secrets has lines like  TOKEN = \"…\"  below  [secrets]");
  }
  return check_entries();
}

/// `["program", "argument"]`.
bool SecretFile::check_command(const toml::node* node, const std::string& what) {
  const toml::array* words = node ? node->as_array() : nullptr;
  bool good = words && !words->empty();
  for (std::size_t i = 0; good && i < words->size(); ++i)
    good = words->get(i)->is_string();
  if (good) return true;
  return refuse(fmt::format("{}: {} is no command", shown_, what),
                "write  command = [\"program\", \"argument\"]");
}

bool SecretFile::check_entries() {
  for (const auto& [key, node] : table_) {
    const std::string name(key.str());
    const bool is_known = name == "secrets" || name == "any" || name == "hosts";
    if (!is_known || !node.is_table()) {
      return refuse(fmt::format("{}:{}: `{}` means nothing here", shown_, node.source().begin.line,
                                printable(name)),
                    "the file of your secrets has the tables [secrets], [any] and [hosts]");
    }
  }
  if (const toml::table* any = table_["any"].as_table()) {
    if (!check_command(any->get("command"), "[any] command")) return false;
  }
  if (const toml::table* hosts = table_["hosts"].as_table()) {
    for (const auto& [key, node] : *hosts) {
      const toml::array* list = node.as_array();
      bool good = list != nullptr;
      for (std::size_t i = 0; good && i < list->size(); ++i)
        good = list->get(i)->is_string();
      if (good) continue;
      return refuse(fmt::format("{}:{}: the hosts of `{}` are no list of texts", shown_,
                                node.source().begin.line, printable(key.str())),
                    "write  NAME = [\"host.example.org\"]");
    }
  }
  const toml::table* secrets = table_["secrets"].as_table();
  if (!secrets) return true;
  for (const auto& [key, node] : *secrets) {
    if (node.is_string()) continue;
    const std::string name = printable(key.str());
    if (!node.is_table()) {
      return refuse(
          fmt::format("{}:{}: the secret `{}` is no text", shown_, node.source().begin.line, name),
          fmt::format("write  {0} = \"…\"  or  {0} = {{ command = [\"program\"] }}", name));
    }
    if (!check_command(node.as_table()->get("command"), fmt::format("`{}`", name))) return false;
  }
  return true;
}

/// Without one newline at the end; the command has our terminal.
Result<std::string> ask_command(std::vector<std::string> words) {
  const std::string name = printable(words.at(0));
  Result<ChildOutput> output = output_of(std::move(words), {.has_input = true});
  if (!output) return std::unexpected(output.error());
  if (output->status != 0)
    return fail(fmt::format("{} ended with exit status {}", name, output->status));
  if (output->text.ends_with('\n')) output->text.pop_back();
  return std::move(output->text);
}

/// Each `{name}` in a word stands for the name of the secret.
std::vector<std::string> command_words(const toml::array& list, const std::string& name) {
  constexpr std::string_view kHole = "{name}";
  std::vector<std::string> words;
  for (const toml::node& node : list) {
    std::string word = node.value_or(std::string());
    for (std::size_t at = word.find(kHole); at != word.npos; at = word.find(kHole, at)) {
      word.replace(at, kHole.size(), name);
      at += name.size();
    }
    words.push_back(std::move(word));
  }
  return words;
}

Result<std::optional<std::string>> SecretFile::find(const std::string& name) const {
  const toml::array* command = table_["any"]["command"].as_array();
  if (const toml::table* secrets = table_["secrets"].as_table()) {
    const toml::node* node = secrets->get(name);
    if (node && node->is_string()) return node->value<std::string>();
    if (node) command = node->as_table()->get("command")->as_array();
  }
  if (!command) return std::nullopt;
  Result<std::string> text = ask_command(command_words(*command, name));
  if (!text) return std::unexpected(text.error());
  return *std::move(text);
}

bool SecretFile::lets(const std::string& name, const std::string& host) const {
  const toml::array* hosts = table_["hosts"][name].as_array();
  for (std::size_t i = 0; hosts != nullptr && i < hosts->size(); ++i) {
    if (hosts->get(i)->value_or(std::string()) == host) return true;
  }
  return false;
}

/// `NAME=host`, several with blanks between them: for machines without a file of their own.
bool is_in_variable(Context& context, const std::string& name, const std::string& host) {
  const auto found = context.environment.find("DEVGRAPH_SECRET_HOSTS");
  if (found == context.environment.end()) return false;
  for (const std::string_view pair : split(std::string_view(found->second), ' ')) {
    if (pair == fmt::format("{}={}", name, host)) return true;
  }
  return false;
}

/// Nothing: the user was not asked, or did not say.
std::optional<std::string> ask(Context& context, const std::string& name, const std::string& label,
                               const std::function<bool()>& stop) {
  const auto ci = context.environment.find("CI");
  if (ci != context.environment.end() && !ci->second.empty()) return std::nullopt;
  return ask_on_terminal(
      fmt::format("Secret {} for {} (it is not shown): ", printable(name), label), stop);
}

}  // namespace

std::optional<exec::SecretValues> find_secrets(Context& context, const Graph& graph,
                                               const std::vector<exec::WantedSecret>& wanted,
                                               const std::function<bool()>& stop) {
  SecretFile file(context);
  if (!file.read()) return std::nullopt;
  // From here on a core file would hold them.
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  exec::SecretValues values;
  bool all = true;
  for (const exec::WantedSecret& one : wanted) {
    const std::string label = printable(label_of(graph, one.by));
    const auto variable = context.environment.find(one.name);
    std::optional<std::string> value;
    if (variable != context.environment.end()) value = variable->second;
    if (!value) {
      Result<std::optional<std::string>> found = file.find(one.name);
      if (!found) {
        add_fault(context, kCode,
                  fmt::format("the secret `{}`: {}", printable(one.name), found.error().message),
                  {fmt::format("{} says so", file.shown())});
        all = false;
        continue;
      }
      value = *std::move(found);
    }
    if (!value) value = ask(context, one.name, label, stop);
    if (stop()) return std::nullopt;
    if (value && !value->empty()) {
      values.emplace(one.name, *std::move(value));
      continue;
    }
    all = false;
    add_fault(context, kCode,
              fmt::format("the secret `{}`, which {} is given, is {}", printable(one.name), label,
                          value ? "empty" : "nowhere"),
              {fmt::format("set the variable {}, or write it into {}", printable(one.name),
                           file.shown())});
  }
  if (!all) return std::nullopt;
  return values;
}

bool may_send(Context& context, const std::string& secret, const std::string& host) {
  if (net::is_loopback(host) || is_in_variable(context, secret, host)) return true;
  SecretFile file(context);
  if (!file.read()) return false;
  if (file.lets(secret, host)) return true;
  add_fault(
      context, "E946",
      fmt::format("the secret `{}` would go to {}, and you did not say that it may",
                  printable(secret), printable(host)),
      {fmt::format("write into {}, below [hosts]:  {} = [\"{}\"]", file.shown(), printable(secret),
                   printable(host)),
       fmt::format("or set  DEVGRAPH_SECRET_HOSTS={}={}", printable(secret), printable(host))});
  return false;
}

}  // namespace devgraph::cli
