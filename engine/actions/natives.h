#pragma once
/// The native actions, one file each; their arguments are those of the rules in stdlib.

#include "engine/actions/action.h"

namespace devgraph::actions {

Status run_copy(const Context& context);
Status run_symlink(const Context& context);
Status run_write(const Context& context);
Status run_seed(const Context& context);
Status run_subst(const Context& context);
Status run_tar(const Context& context);
Status run_unpack(const Context& context);
Status run_pick(const Context& context);
Status run_pin(const Context& context);
Status run_merge_json(const Context& context);
Status run_compress(const Context& context);
Status run_git_clone(const Context& context);
Status run_checksums(const Context& context);
Status run_provenance(const Context& context);
Status run_env_file(const Context& context);
Status run_fetch(const Context& context);
Status run_oci_image(const Context& context);
Status run_image_index(const Context& context);
Status run_image_archive(const Context& context);
Status run_image_layout(const Context& context);
Status run_image_sbom(const Context& context);
Status run_image_tag(const Context& context);
Status run_image_pull(const Context& context);
Status run_links(const Context& context);
Status run_dockerfile(const Context& context);
Status run_docker_load(const Context& context);
Result<bool> holds_docker_load(const Context& context);
Status run_push_hashed(const Context& context);
Result<bool> holds_push_hashed(const Context& context);
Status ready_push_hashed(const Context& context);

/// Of the zlib and zstd that this program runs with: other versions may make other bytes.
unsigned compressor_version();

}  // namespace devgraph::actions
