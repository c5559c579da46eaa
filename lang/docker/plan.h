#pragma once
/// The arguments of a node of rule `dockerfile`, narrowed to what its target needs: that, and not
/// the whole context or file, is what makes the node stale.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lang/docker/dockerfile.h"
#include "lang/docker/ignore.h"
#include "lang/docker/use.h"
#include "lang/eval.h"

namespace devgraph::lang {

struct DockerPlan {
  /// The Dockerfile for the engine; none: `built` is it, made by a node and so read by nobody here.
  std::optional<std::string> text;
  Value built;
  std::vector<std::pair<std::string, Value>> context;  ///< Name in the context, file.
  std::vector<std::pair<std::string, Value>> images;   ///< What the file calls it, image.
  std::vector<std::pair<std::string, std::string>> args;
  std::string engine;       ///< A program: `buildah`.
  std::vector<Asked> asks;  ///< Images that the file names without a digest.
};

class DockerPlanner {
 public:
  explicit DockerPlanner(Evaluator& eval) : eval_(eval) {}

  /// None: what is wrong was reported.
  std::optional<DockerPlan> plan(Cell& cell);

 private:
  struct Given;
  struct ReadFile {
    SourceId source{};
    std::optional<Dockerfile> file;  ///< None: reported.
  };

  std::optional<Given> given(Cell& cell);
  bool place_context(Cell& cell, Given& given);
  bool find_dockerfile(Cell& cell, Given& given);
  bool drop_ignored(Cell& cell, Given& given);
  void add_images(Cell& cell, Given& given);
  void add_args(Cell& cell, Given& given);
  bool add_extra(Cell& cell, Given& given);
  std::optional<DockerPlan> narrow(Cell& cell, const Given& given);
  bool names_are_used(Cell& cell, const Given& given, const Dockerfile& file);
  bool take_files(Cell& cell, const Given& given, const ReadFile& read, const DockerUse& use,
                  DockerPlan& plan);
  void report_absent(Cell& cell, const Given& given, const ReadFile& read,
                     const DockerSource& source);
  std::string engine_of(Cell& cell);
  const ReadFile* read(Cell& cell, const std::string& path);
  void report(Cell& cell, SourceId source, const DockerFault& fault);
  Range place(Cell& cell, std::string_view field);

  Evaluator& eval_;
  std::unordered_map<std::string, ReadFile> files_;  ///< By path.
};

}  // namespace devgraph::lang
