#include "engine/actions/action.h"

#include <algorithm>
#include <array>

#include "engine/actions/natives.h"
#include "engine/actions/wheel/natives.h"

namespace devgraph::actions {

namespace {

/// The node of an instance without `self`: its parts are its inputs.
Status run_group(const Context&) {
  return {};
}

std::optional<Value> argument(const Context& context, std::string_view name) {
  const std::optional<ValueId> found = find_arg(context, name);
  if (!found) return std::nullopt;
  return context.graph.value(*found);
}

void collect_inputs(const Context& context, const Value& value, std::vector<InputId>& found) {
  if (value.tag == ValueTag::Input) {
    const InputId input{value.a};
    if (!is_missing(context, input)) found.push_back(input);
  } else if (value.tag == ValueTag::List) {
    for (const ValueId item : context.graph.items(value)) {
      collect_inputs(context, context.graph.value(item), found);
    }
  }
}

void collect_strings(const Context& context, const Value& value,
                     std::vector<std::string_view>& found) {
  if (value.tag == ValueTag::Str) {
    found.push_back(context.graph.str(StrId{value.a}));
  } else if (value.tag == ValueTag::List) {
    for (const ValueId item : context.graph.items(value)) {
      collect_strings(context, context.graph.value(item), found);
    }
  }
}

}  // namespace

bool is_missing(const Context& context, InputId input) {
  return std::binary_search(context.missing.begin(), context.missing.end(), input);
}

const Action* find_action(std::string_view name) {
  static const std::array<Action, 33> kActions = {{
      {"checksums", 1, run_checksums},
      {.name = "compress", .run = run_compress, .compresses = true},
      {"copy", 1, run_copy},
      {"docker_load", 1, run_docker_load, holds_docker_load, true},
      {.name = "dockerfile", .version = 2, .run = run_dockerfile, .compresses = true},
      {"env_file", 1, run_env_file},
      {"fetch", 1, run_fetch},
      {"git_clone", 1, run_git_clone},
      {"group", 1, run_group},
      {"image_archive", 1, run_image_archive},
      {"image_index", 1, run_image_index},
      {"image_layout", 1, run_image_layout},
      {"image_pull", 1, run_image_pull},
      {"image_sbom", 1, run_image_sbom},
      {"image_tag", 1, run_image_tag},
      {"links", 1, run_links},
      {"merge_json", 1, run_merge_json},
      {"oci_image", 1, run_oci_image},
      {"package_index", 1, run_package_index},
      {"pick", 1, run_pick},
      {"pin", 1, run_pin},
      {"provenance", 2, run_provenance},
      {"push_hashed", 1, run_push_hashed, holds_push_hashed, false, ready_push_hashed},
      {.name = "sdist", .run = run_sdist, .compresses = true},
      {"seed", 1, run_seed},
      {"subst", 1, run_subst},
      {"symlink", 1, run_symlink},
      {"tar", 1, run_tar},
      {"unpack", 1, run_unpack},
      {"venv", 1, run_venv},
      {.name = "wheel", .run = run_wheel, .compresses = true},
      {.name = "wheel_repack", .run = run_wheel_repack, .compresses = true},
      {"write", 1, run_write},
  }};
  const auto found = std::find_if(kActions.begin(), kActions.end(),
                                  [&](const Action& action) { return action.name == name; });
  return found == kActions.end() ? nullptr : &*found;
}

std::optional<ValueId> find_arg(const Context& context, std::string_view name) {
  const std::optional<ValueId> found =
      find_field(context.graph, context.graph.node(context.node).args, name);
  if (!found || context.graph.value(*found).tag == ValueTag::None) return std::nullopt;
  return found;
}

std::optional<std::string_view> optional_string(const Context& context, std::string_view name) {
  const std::optional<Value> value = argument(context, name);
  if (!value || value->tag != ValueTag::Str) return std::nullopt;
  return context.graph.str(StrId{value->a});
}

std::string_view string_arg(const Context& context, std::string_view name) {
  return optional_string(context, name).value_or(std::string_view());
}

std::int64_t int_arg(const Context& context, std::string_view name) {
  const std::optional<Value> value = argument(context, name);
  if (!value || value->tag != ValueTag::Int) return 0;
  return static_cast<std::int64_t>((std::uint64_t{value->b} << 32) | value->a);
}

bool bool_arg(const Context& context, std::string_view name) {
  const std::optional<Value> value = argument(context, name);
  return value && value->tag == ValueTag::True;
}

std::vector<InputId> inputs_arg(const Context& context, std::string_view name) {
  std::vector<InputId> found;
  if (const std::optional<Value> value = argument(context, name)) {
    collect_inputs(context, *value, found);
  }
  return found;
}

std::vector<std::string_view> strings_arg(const Context& context, std::string_view name) {
  std::vector<std::string_view> found;
  if (const std::optional<Value> value = argument(context, name)) {
    collect_strings(context, *value, found);
  }
  return found;
}

std::vector<std::pair<std::string_view, ValueId>> map_arg(const Context& context,
                                                          std::string_view name) {
  std::vector<std::pair<std::string_view, ValueId>> found;
  const std::optional<Value> value = argument(context, name);
  if (!value || value->tag != ValueTag::Map) return found;
  for (const Field& field : context.graph.fields(*value)) {
    found.emplace_back(context.graph.str(field.name), field.value);
  }
  return found;
}

std::vector<std::pair<std::string_view, std::string_view>> secrets_arg(const Context& context,
                                                                       std::string_view name) {
  std::vector<std::pair<std::string_view, std::string_view>> found;
  for (const auto& [key, id] : map_arg(context, name)) {
    const Value& value = context.graph.value(id);
    if (value.tag == ValueTag::Secret) found.emplace_back(key, context.graph.str(StrId{value.a}));
  }
  return found;
}

std::string input_name(const Context& context, InputId input) {
  return std::string(context.graph.str(context.graph.input(input).name));
}

bool stopped(const Context& context) {
  return context.stopping.load(std::memory_order_relaxed) ||
         std::chrono::steady_clock::now() >= context.deadline;
}

std::unexpected<Error> interrupted() {
  return fail("interrupted");
}

}  // namespace devgraph::actions
