#pragma once
/// The parts of `stage` (stage.h).

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/exec/stage.h"
#include "engine/exec/toolbox.h"
#include "engine/exec/words.h"

namespace devgraph::exec {

/// Lays out one node.
class Staging {
 public:
  Staging(const Stage& stage, Toolbox& toolbox, NodeId node, const std::string& scratch);
  Result<Command> run(const std::string& log);

 private:
  Status lay_out_outputs();
  Status lay_out_folder();
  Status find_tools();
  std::string venv_folder() const;
  Status environment();
  Status standard_input();
  Result<std::string> secret(const Value& value) const;
  Result<std::string> secret_variable(const std::string& name, const Value& value);
  Status add_secret_files();
  Status script();
  Status exec();
  std::string exec_head(const std::vector<std::string>& words) const;
  Status exec_by_bash(const std::vector<std::string>& words);
  Status run_bash(const std::string& text);
  Status check_length() const;
  Result<std::string> redirect(const char* field, bool& ours);
  bool appends(const char* field) const;
  void sandbox();
  void list_sources();
  Status go_within();

  /// For Cwd::Inputs (stage_inputs.cc): the copies.
  Status copy_inputs();
  Status copy_input(InputId id, const std::string& to);
  Status copy_source_tree(TreeId tree, const std::string& to);
  Result<std::string> copy_name(InputId id) const;

  bool is_missing(InputId input) const;
  std::string content_path(InputId input) const;
  std::string word_of(InputId input) const;

  const Stage& stage_;
  const Graph& graph_;
  Files& files_;
  Toolbox& toolbox_;
  NodeId id_;
  const Node& node_;
  const Traits& traits_;
  std::string scratch_;
  std::string path_folder_;                ///< The one on PATH.
  std::vector<Tool> tools_;                ///< As declared.
  std::map<InputId, std::string> copies_;  ///< Cwd::Inputs: where each input's copy is.
  WordMaker words_;
  std::vector<std::string> secret_variables_;  ///< Names.
  Command command_;
};

}  // namespace devgraph::exec
