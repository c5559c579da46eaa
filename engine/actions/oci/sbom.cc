#include "engine/actions/oci/sbom.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/actions/wheel/spdx.h"
#include "engine/base/source_date.h"

namespace devgraph::oci {

namespace {

using nlohmann::ordered_json;

constexpr const char* kUnknown = "NOASSERTION";

/// Of what people write into their packages, what SPDX has a name for.
std::string license_of(const Package& package) {
  const Result<std::string> known = wheel::canonical_license(package.license);
  return !package.license.empty() && known ? *known : kUnknown;
}

ordered_json described(const std::string& id, const std::string& name, const std::string& version) {
  ordered_json made;
  made["SPDXID"] = id;
  made["name"] = name;
  made["versionInfo"] = version;
  made["downloadLocation"] = kUnknown;
  made["filesAnalyzed"] = false;
  return made;
}

ordered_json reference(const std::string& purl) {
  return {{"referenceCategory", "PACKAGE-MANAGER"},
          {"referenceType", "purl"},
          {"referenceLocator", purl}};
}

ordered_json relation(const std::string& from, const char* type, const std::string& to) {
  return {{"spdxElementId", from}, {"relationshipType", type}, {"relatedSpdxElement", to}};
}

}  // namespace

std::string spdx_document(const Descriptor& image, const std::vector<Package>& packages) {
  const std::string digest = show(image.digest);
  ordered_json all;
  all["spdxVersion"] = "SPDX-2.3";
  all["dataLicense"] = "CC0-1.0";
  all["SPDXID"] = "SPDXRef-DOCUMENT";
  all["name"] = digest;
  all["documentNamespace"] = "https://spdx.org/spdxdocs/sha256-" + hex(image.digest);
  all["creationInfo"] = {{"created", kSourceDateText},
                         {"creators", ordered_json::array({"Tool: devgraph"})}};
  ordered_json itself = described("SPDXRef-image", digest, digest);
  itself["primaryPackagePurpose"] = "CONTAINER";
  itself["checksums"] =
      ordered_json::array({{{"algorithm", "SHA256"}, {"checksumValue", hex(image.digest)}}});
  all["packages"] = ordered_json::array({std::move(itself)});
  all["relationships"] =
      ordered_json::array({relation("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-image")});
  std::size_t number = 0;
  for (const Package& package : packages) {
    const std::string id = fmt::format("SPDXRef-package-{}", ++number);
    ordered_json one = described(id, package.name, package.version);
    one["sourceInfo"] = "found in /" + package.found;
    one["licenseConcluded"] = kUnknown;
    one["licenseDeclared"] = license_of(package);
    one["copyrightText"] = kUnknown;
    one["externalRefs"] = ordered_json::array({reference(package.purl)});
    all["packages"].push_back(std::move(one));
    all["relationships"].push_back(relation("SPDXRef-image", "CONTAINS", id));
  }
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace devgraph::oci
