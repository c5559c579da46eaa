#include "engine/actions/oci/push.h"

#include <algorithm>
#include <mutex>

#include "engine/actions/oci/spec.h"
#include "engine/base/at_once.h"

namespace devgraph::oci {

namespace {

constexpr std::size_t kAtOnce = 4;  // Uploads; registries slow down clients that open more.

struct Content {
  std::vector<Descriptor> blobs;      ///< Each once.
  std::vector<Descriptor> manifests;  ///< What names others comes after them.
};

Status collect(const Layout& layout, const Descriptor& at, unsigned depth, Content& found) {
  const Result<std::string> text = layout.document(at);
  if (!text) return std::unexpected(text.error());
  if (is_index(at.media_type)) {
    if (depth == 0) return fail("its indexes are nested too deep");
    const Result<Index> index = parse_index(*text);
    if (!index) return std::unexpected(index.error());
    for (const Descriptor& one : index->manifests) {
      if (const Status done = collect(layout, one, depth - 1, found); !done) return done;
    }
  } else {
    const Result<Manifest> manifest = parse_manifest(*text);
    if (!manifest) return std::unexpected(manifest.error());
    const auto add = [&](const Descriptor& one) {
      const bool known = std::any_of(found.blobs.begin(), found.blobs.end(),
                                     [&](const auto& old) { return old.digest == one.digest; });
      if (!known && !is_foreign(one.media_type)) found.blobs.push_back(one);
    };
    add(manifest->config);
    for (const Descriptor& layer : manifest->layers)
      add(layer);
  }
  found.manifests.push_back(at);
  return {};
}

/// Runs `work` for each number below `count` on a few threads, until one is refused.
Reply<void> for_each(std::size_t count, const std::function<Reply<void>(std::size_t)>& work) {
  std::mutex mutex;  // Guards `refused`.
  Reply<void> refused;
  at_once(count, kAtOnce, [&](std::size_t i) {
    const Reply<void> done = work(i);
    if (done) return true;
    const std::lock_guard<std::mutex> lock(mutex);
    if (refused) refused = done;
    return false;
  });
  return refused;
}

}  // namespace

Reply<Pushed> push_image(Registry& registry, Files& files, const Layout& layout,
                         const PushGoal& goal, const net::Stopped& stopped) {
  Content content;
  if (const Status done = collect(layout, goal.root, 4, content); !done) {
    return std::unexpected(Refusal{done.error().message});
  }
  Pushed pushed;
  std::mutex mutex;  // Guards `pushed`.
  const Reply<void> blobs = for_each(content.blobs.size(), [&](std::size_t i) -> Reply<void> {
    const Descriptor& blob = content.blobs[i];
    if (stopped()) return std::unexpected(Refusal{"interrupted"});
    const Result<std::unique_ptr<MappedFile>> file = files.map(layout.blob(blob.digest));
    if (!file) return std::unexpected(Refusal{file.error().message});
    const Reply<bool> sent = registry.push_blob(goal.repository, blob.digest, (*file)->bytes());
    if (!sent) return std::unexpected(sent.error());
    const std::lock_guard<std::mutex> lock(mutex);
    if (*sent) {
      ++pushed.blobs;
      pushed.bytes += blob.size;
    }
    return {};
  });
  if (!blobs) return std::unexpected(blobs.error());
  for (const Descriptor& one : content.manifests) {
    const Result<std::string> text = layout.document(one);
    if (!text) return std::unexpected(Refusal{text.error().message});
    const Reply<void> done =
        registry.push_manifest(goal.repository, show(one.digest), one.media_type, *text);
    if (!done) return std::unexpected(done.error());
  }
  for (const std::string& tag : goal.tags) {
    const Result<std::string> text = layout.document(goal.root);
    if (!text) return std::unexpected(Refusal{text.error().message});
    const Reply<void> done =
        registry.push_manifest(goal.repository, tag, goal.root.media_type, *text);
    if (!done) return std::unexpected(done.error());
  }
  return pushed;
}

}  // namespace devgraph::oci
