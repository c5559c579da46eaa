#pragma once
/// From the working folder to a graph: the compiled one where it still holds, else the manifests.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/cli/context.h"
#include "engine/graph/graph.h"
#include "engine/graph/label.h"
#include "lang/load.h"

namespace devgraph::cli {

/// Where state lives, relative to the workspace.
inline constexpr std::string_view kStateFolder = ".devgraph";

/// The workspace around the working folder. None: the fault is in `context.found`.
std::optional<lang::Workspace> open_workspace(Context& context);

/// The words as label patterns. None: the faults are in `context.found`.
std::optional<std::vector<LabelPattern>> parse_labels(Context& context,
                                                      const lang::Workspace& workspace,
                                                      std::span<const std::string> words);

/// The projects to evaluate for these labels; without any, the current one and all below.
std::vector<std::string> demanded_projects(const lang::Workspace& workspace,
                                           std::span<const LabelPattern> labels);

enum class Save : bool { No, Yes };

/// The graph of the demanded projects. With Save::Yes a graph made anew becomes the compiled one.
/// None: the faults are in `context.found`. Doubts about the manifests are in the context.
std::optional<Graph> load_graph(Context& context, const lang::Workspace& workspace,
                                const std::vector<std::string>& projects, Save save,
                                const lang::LateOptions& late = {});

/// Whether cells of late axes are not known in it.
bool has_waiting(const Graph& graph);

/// Says the doubts of the last load_graph: whole when the manifests were read, in a line when the
/// compiled graph stands for them.
void say_doubts(Context& context);

/// Reads and evaluates the manifests, whatever was compiled before; warnings stay in
/// `context.found`.
std::optional<Graph> read_manifests(Context& context, const lang::Workspace& workspace,
                                    const std::vector<std::string>& projects,
                                    const lang::LateOptions& late = {});

/// The compiled graph as it lies there, whether or not it still holds; none if there is none.
std::optional<Graph> last_graph(Context& context, const lang::Workspace& workspace);

}  // namespace devgraph::cli
