#include "engine/cli/options.h"

#include <algorithm>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/cli/option_table.h"

namespace devgraph::cli {
namespace {

/// Stands behind an option whose value may be left out, so that CLI11 takes no word for it.
constexpr std::string_view kNoValue = "\x01";
constexpr std::string_view kVersion = DEVGRAPH_VERSION;

void fault(Parsed& parsed, std::string code, std::string message,
           std::vector<std::string> helps = {}) {
  parsed.faults.add({.severity = Severity::Error,
                     .code = std::move(code),
                     .message = std::move(message),
                     .where = std::nullopt,
                     .also = {},
                     .helps = std::move(helps)});
}

std::vector<const OptionSpec*> all_options() {
  std::vector<const OptionSpec*> all;
  for (const OptionSpec& spec : common_options())
    all.push_back(&spec);
  for (const CommandInfo& command : commands()) {
    for (const OptionSpec& spec : own_options(command.name))
      all.push_back(&spec);
  }
  return all;
}

/// True if the option takes the next argument as its value.
bool wants_next(std::string_view argument) {
  if (argument.size() < 2 || argument[0] != '-') return false;
  const std::vector<const OptionSpec*> all = all_options();
  if (argument.starts_with("--")) {
    return std::any_of(all.begin(), all.end(), [&](const OptionSpec* spec) {
      return !spec->value.empty() && !spec->value_optional && argument.substr(2) == spec->long_name;
    });
  }
  for (std::size_t i = 1; i < argument.size(); ++i) {
    const std::string_view letter = argument.substr(i, 1);
    const bool takes_value = std::any_of(all.begin(), all.end(), [&](const OptionSpec* spec) {
      return spec->short_name == letter && !spec->value.empty();
    });
    if (takes_value) return i + 1 == argument.size();
  }
  return false;
}

/// Where the command stands: the first word that is no option and no value of one.
std::optional<std::size_t> command_position(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") return i + 1 < arguments.size() ? std::optional(i + 1) : std::nullopt;
    if (argument.size() < 2 || argument[0] != '-') return i;
    if (wants_next(argument)) ++i;
  }
  return std::nullopt;
}

bool asks_for(const std::vector<std::string>& arguments, std::string_view short_name,
              std::string_view long_name) {
  for (const std::string& argument : arguments) {
    if (argument == "--") return false;
    if (argument == short_name || argument == long_name) return true;
  }
  return false;
}

// --- faults
// ----------------------------------------------------------------------------------------

void unknown_command(Parsed& parsed, const std::string& name) {
  std::vector<std::string> names;
  for (const CommandInfo& command : commands())
    names.emplace_back(command.name);
  std::vector<std::string> helps;
  if (const std::optional<std::string> near = nearest(name, names)) {
    helps.push_back(fmt::format("did you mean  devgraph {}", *near));
  } else {
    helps.push_back(fmt::format("to build a label, write  devgraph build {}", shell_word(name)));
  }
  helps.emplace_back("`devgraph -h` lists the commands");
  fault(parsed, "E901", fmt::format("`{}` is no command", printable(name)), std::move(helps));
}

/// The options of one command as they are typed: `-j`, `--jobs`.
std::vector<std::string> typed_names(std::string_view command) {
  std::vector<std::string> names;
  for (const OptionInfo& option : options_of(command)) {
    if (!option.short_name.empty()) names.push_back(option.short_name);
    if (!option.long_name.empty()) names.push_back(option.long_name);
  }
  return names;
}

std::string commands_with(const std::string& option) {
  std::string text;
  for (const CommandInfo& command : commands()) {
    const std::vector<std::string> names = typed_names(command.name);
    if (std::find(names.begin(), names.end(), option) == names.end()) continue;
    text += fmt::format("{}`{}`", text.empty() ? "" : ", ", command.name);
  }
  return text;
}

void unknown_option(Parsed& parsed, const CommandInfo& command, const std::string& typed) {
  std::string option = typed.substr(0, typed.find('='));
  if (!option.starts_with("--")) option = option.substr(0, 2);
  std::vector<std::string> helps;
  const std::optional<std::string> near =
      option.starts_with("--") ? nearest(option, typed_names(command.name)) : std::nullopt;
  const std::string others = commands_with(option);
  if (near) {
    helps.push_back(fmt::format("did you mean `{}`", *near));
  } else if (!others.empty()) {
    helps.push_back(fmt::format("it is an option of {}", others));
  }
  helps.push_back(fmt::format("`devgraph {} -h` lists its options", command.name));
  fault(parsed, "E902",
        fmt::format("`devgraph {}` has no option `{}`", command.name, printable(option)),
        std::move(helps));
}

void wrong_word_count(Parsed& parsed, const CommandInfo& command, std::size_t count) {
  std::vector<std::string> helps = {fmt::format("usage: devgraph {} [OPTION…]{}{}", command.name,
                                                command.words.empty() ? "" : " ", command.words)};
  if (count < command.least) {
    fault(parsed, "E904", fmt::format("`devgraph {}` needs {}", command.name, command.words),
          std::move(helps));
    return;
  }
  fault(parsed, "E904",
        command.most == 0
            ? fmt::format("`devgraph {}` takes no words, and got {}", command.name, count)
            : fmt::format("`devgraph {}` takes {} word, and got {}", command.name, command.most,
                          count),
        std::move(helps));
}

// --- parsing
// ---------------------------------------------------------------------------------------

void apply_value(Parsed& parsed, Options& options, const OptionSpec& spec,
                 const std::string& typed) {
  const std::string value = typed == kNoValue ? "" : typed;
  if (!spec.choices.empty()) {
    std::vector<std::string> choices;
    for (const std::string_view choice : split(spec.choices, '|'))
      choices.emplace_back(choice);
    if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
      std::vector<std::string> helps = {
          fmt::format("`--{}` is one of {}", spec.long_name, fmt::join(choices, ", "))};
      if (const auto near = nearest(value, choices))
        helps[0] += fmt::format("; did you mean `{}`", *near);
      fault(parsed, "E903",
            fmt::format("`{}` is no value of `--{}`", printable(value), spec.long_name),
            std::move(helps));
      return;
    }
  }
  const std::string wrong = spec.apply(options, value);
  if (wrong.empty()) return;
  const std::string name = spec.short_name.empty() ? fmt::format("--{}", spec.long_name)
                                                   : fmt::format("-{}", spec.short_name);
  fault(parsed, "E903", fmt::format("`{}` is no value of `{}`", printable(value), name), {wrong});
}

void declare(CLI::App& app, Parsed& parsed, Options& options, const OptionSpec& spec) {
  std::string names;
  if (!spec.short_name.empty()) names = fmt::format("-{}", spec.short_name);
  if (!spec.long_name.empty()) {
    names += fmt::format("{}--{}", names.empty() ? "" : ",", spec.long_name);
  }
  if (spec.value.empty()) {
    app.add_flag_function(names, [&](std::int64_t) { spec.apply(options, {}); });
    return;
  }
  app.add_option_function<std::vector<std::string>>(names,
                                                    [&](const std::vector<std::string>& values) {
                                                      for (const std::string& value : values)
                                                        apply_value(parsed, options, spec, value);
                                                    })
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

/// CLI11 would take the next word for the value of `--shuffle`.
std::vector<std::string> with_values(std::vector<std::string> arguments,
                                     const CommandInfo& command) {
  for (std::string& argument : arguments) {
    if (argument == "--") break;
    for (const OptionSpec& spec : own_options(command.name)) {
      if (spec.value_optional && argument == fmt::format("--{}", spec.long_name)) {
        argument += fmt::format("={}", kNoValue);
      }
    }
  }
  return arguments;
}

/// A value that is missing, or one given to a flag: found here, because CLI11 does not say which.
void check_values(Parsed& parsed, const CommandInfo& command,
                  const std::vector<std::string>& arguments) {
  const std::string usage =
      fmt::format("`devgraph {} -h` lists its options and their values", command.name);
  const std::vector<std::string> names = typed_names(command.name);
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string& argument = arguments[i];
    if (wants_next(argument)) {
      if (++i == arguments.size()) {
        fault(parsed, "E903", fmt::format("`{}` needs a value", argument), {usage});
      } else if (std::ranges::find(names, arguments[i]) != names.end()) {
        fault(parsed, "E903",
              fmt::format("`{}` needs a value, and `{}` is an option", argument, arguments[i]),
              {fmt::format("put the value right behind `{}`", argument), usage});
      }
      continue;
    }
    const std::size_t equals = argument.find('=');
    if (!argument.starts_with("--") || equals == std::string::npos) continue;
    const std::string_view name = std::string_view(argument).substr(2, equals - 2);
    const auto is_flag = [&](const OptionSpec& spec) {
      return spec.long_name == name && spec.value.empty();
    };
    if (std::ranges::any_of(own_options(command.name), is_flag) ||
        std::ranges::any_of(common_options(), is_flag)) {
      fault(parsed, "E903", fmt::format("`--{}` takes no value", name), {usage});
    }
  }
}

void parse_rest(Parsed& parsed, const CommandInfo& command, std::vector<std::string> arguments) {
  Options options;
  options.command = command.name;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  for (const OptionSpec& spec : own_options(command.name))
    declare(app, parsed, options, spec);
  for (const OptionSpec& spec : common_options())
    declare(app, parsed, options, spec);
  check_values(parsed, command, arguments);
  if (parsed.faults.has_errors()) return;
  arguments = with_values(std::move(arguments), command);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back.
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    fault(parsed, "E903", printable(error.what()),
          {fmt::format("`devgraph {} -h` lists its options and their values", command.name)});
    return;
  }
  bool only_words = false;
  for (const std::string& word : app.remaining()) {
    if (!only_words && word == "--") {
      only_words = true;
    } else if (!only_words && word.size() > 1 && word[0] == '-') {
      unknown_option(parsed, command, word);
    } else {
      options.words.push_back(word);
    }
  }
  const std::size_t count = options.words.size();
  if (!parsed.faults.has_errors() && (count < command.least || count > command.most)) {
    wrong_word_count(parsed, command, count);
  }
  if (!parsed.faults.has_errors()) parsed.options = std::move(options);
}

}  // namespace

Parsed parse_options(const std::vector<std::string>& arguments) {
  Parsed parsed;
  const std::optional<std::size_t> position = command_position(arguments);
  const bool help = asks_for(arguments, "-h", "--help");
  if (!position) {
    if (help) {
      parsed.text = general_help();
    } else if (asks_for(arguments, "--version", "--version")) {
      parsed.text = fmt::format("devgraph {}\n", kVersion);
    } else {
      fault(parsed, "E901", "a command is needed",
            {"`devgraph build` builds what is stale here", "`devgraph -h` lists the commands"});
    }
    return parsed;
  }
  std::vector<std::string> rest = arguments;
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(*position));
  const std::string& name = arguments[*position];
  const CommandInfo* command = find_command(name);
  if (command == nullptr) {
    unknown_command(parsed, name);
  } else if (help) {
    parsed.text = command_help(*command);
  } else {
    parse_rest(parsed, *command, std::move(rest));
  }
  return parsed;
}

}  // namespace devgraph::cli
