/// The five manifests with which the language was designed, on files of the shape they expect.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/lang/load_support.h"

using namespace devgraph;

namespace {

constexpr const char* kGateway = R"dg(devgraph 1

## Where gateway images go. A fork builds with -D registry=ghcr.io/me/skyplane
param registry: string = "ghcr.io/skyplane-project/skyplane"

## The image every gateway VM runs.
dockerfile gateway {
  context  = [./Dockerfile, ./pyproject.toml, ./skyplane/**, ./scripts/**]
  platform = "linux/amd64"
}

## Tagged by content: the same sources always get the same tag.
push_hashed edge { image = gateway, to = registry, prefix = "local-" }

## The client, installed in development mode.
venv client { editable = ./, lock = ./poetry.lock, extras = ["aws", "azure", "gcp"] }

let vars = { SKYPLANE_DOCKER_IMAGE = text(edge.ref) }
env_file skyplane-env { vars }                  # source it before `skyplane cp`

test transfer {
  within  = client
  env     = vars
  network = true
  $ skyplane cp --reuse-gateways s3://skyplane-test/in s3://skyplane-test/out
}
let default = [gateway, client, skyplane-env]
)dg";

constexpr const char* kWheels = R"dg(devgraph 1

let version = find(read(./python/cloudtik/__init__.py), '__version__ = "(.+)"')
let hub     = { global = "docker.io/cloudtik", prc = "registry.cn-shanghai.aliyuncs.com/cloudtik" }

axis py     = ["3.8", "3.9", "3.10", "3.11"]
axis arch   = ["x86_64", "aarch64"]
axis device = ["cpu", "gpu"]
axis region = keys(hub)

wheel cloudtik[py, arch] {
  src      = [./python/**, ./build.sh]
  python   = py
  platform = "manylinux2014_{arch}"
  version
}

# --- images: each names the one it is built FROM
dockerfile base[device]  { context = ./docker/cloudtik-base/** }
dockerfile deps[device]  { context = ./docker/cloudtik-deps/**, from = base[device] }
dockerfile main[device]  { context = ./docker/cloudtik/**, from = deps[device], extra = cloudtik[arch = "x86_64"] }
dockerfile spark[device] { context = ./docker/runtime/spark/**, from = main[device] }
dockerfile ai[device]    { context = ./docker/runtime/ai/{device}/**, from = main[device] }
dockerfile oneapi        { context = ./docker/runtime/ai/oneapi/**, from = main[device = "cpu"] }

# --- release steps: devgraph release
git_tag cut              { tag = "v{version}", branch = "branch-{version}" }
upload  mirror[py, arch] { files = cloudtik[py, arch], to = "s3://cloudtik/downloads/cloudtik/", after = cut }
push    images[region, device] {
  to     = hub[region]
  tags   = [version + (if device == "gpu" then "-gpu" else "")]
  images = {
    cloudtik-base = base[device], cloudtik-deps = deps[device], cloudtik = main[device]
    spark-runtime = spark[device], ai-runtime = ai[device]
    ...if device == "cpu" then { ai-oneapi = oneapi } else {}
  }
}
pypi           index { files = cloudtik, token = secret("PYPI_TOKEN"), after = [mirror, images] }
github_release page  { tag = "v{version}", assets = cloudtik, token = secret("GITHUB_TOKEN"), after = [cut, index] }

let release = [cut, mirror, images, index, page]
)dg";

constexpr const char* kTemplate = R"dg(devgraph 1

let me     = dotenv(./.env)
let commit = if git.dirty then "{git.short}-dirty" else git.short

param platform: "amd64-cuda" | "arm64-cuda" = "amd64-cuda"
param repo:     string = "{me.LAB_NAME}/template-project-name"

axis stage = ["runtime", "development"]

## The generic images, as root.
dockerfile generic[stage] {
  context  = [./Dockerfile, ./dependencies/**, ./entrypoints/**]
  platform = "linux/{before(platform, "-")}"
  target   = "{stage}-generic"
  args     = { BASE_IMAGE = "nvcr.io/nvidia/pytorch:24.07-py3", PROJECT_NAME = "template-project-name" }
}

## The same images with my user on top, to match the permissions of my storage.
dockerfile user[stage] {
  context    = ./entrypoints/**
  dockerfile = ./Dockerfile-user
  target     = "{stage}-user"
  from       = generic[stage]
  args       = { me.USR, me.USRID, me.GRP, me.GRPID }
}

fn refs(stage: string, who: string) -> [string] =
  [for tag in ["latest", commit]: "{repo}:{platform}-{stage}-{tag}-{who}"]

docker_load local[stage]    { image = generic[stage], names = refs(stage, "root") }
docker_load local-me[stage] { image = user[stage], names = refs(stage, me.USR) }
push        shared[stage]   { image = generic[stage], to = refs(stage, "root") }

let default = [local, local-me]
)dg";

constexpr const char* kRunnable0 = R"dg(let ecr  = "111122223333.dkr.ecr.eu-north-1.amazonaws.com"
let ghcr = "ghcr.io/causify-ai"

## A directory that builds, tests and promotes its own container.
rule runnable(dir: tree, image: string) {
  let version = find(read(dir / "changelog.txt"), '(?m)^# .*-(\d+\.\d+\.\d+)$')

  axis arch  = ["amd64", "arm64"]
  axis suite = ["fast", "slow"]

  dockerfile local[arch] {
    context    = dir / "devops/**"
    dockerfile = dir / "devops/docker_build/dev.Dockerfile"
    platform   = "linux/{arch}"
  }
  image_index dev { images = local }

  test suites[suite] {
    within = dev
    deps   = dir / "**/*.py"
    ok     = [0, 5]                               # 5: nothing collected
    $ pytest -m "{suite}_tests" .
  }

  run lock {
    within = local[arch = "amd64"]
    out    = { poetry = "poetry.lock", pip = "pip_list.txt" }
    $ cp /install/poetry.lock {out.poetry}
    $ pip list --format=freeze > {out.pip}
  }
  freeze save-lock { into = dir / "devops/docker_build/", files = [lock.poetry, lock.pip] }
  links  helpers   { into = dir, to = [//helpers_root/conftest.py, //helpers_root/pytest.ini, //helpers_root/tasks.py] }

  push release { image = dev, to = ["{ecr}/{image}", "{ghcr}/{image}"], tags = ["dev", "dev-{version}"], after = suites }
  push promote { image = dev, to = "{ecr}/{image}", tags = ["prod", "prod-{version}"], after = release }
}

)dg";

constexpr const char* kRunnable1 = R"dg(devgraph 1
use //helpers_root/runnable { runnable }

workspace {
  ignore = ["**/papers"]
  tools  = ["docker", "git", "poetry"]
}
runnable cmamp { dir = ./, image = "cmamp" }

)dg";

constexpr const char* kRunnable2 = R"dg(use //helpers_root/runnable { runnable }

runnable infra { dir = ./, image = "cmamp-infra" }
)dg";

constexpr const char* kPackages = R"dg(devgraph 1
use //rules/go { go_binary }

## What to build on top of; -D base=./empty.json starts from nothing.
param base: file = ./base.json

let  lists = //local-pipelines/packagelists/**
axis pkg   = names(./dockerfiles/build/*)        # one Dockerfile marks one package
axis cmd   = ["explore", "rawgraph", "stubless", "symgraphs", "argspecs", "docs", "kwargs"
              "returntypes", "symbolcounts", "distidx", "analyze", "compat"]

go_binary bin[cmd]  { package = "./cmd/{cmd}", src = //kite-go/**/*.go }
git_clone typeshed { url = "https://github.com/khulnasoft-lab/typeshed", rev = "0c41a02e" }

# --- one chain per package
dockerfile root         { context = //kite-python/kite_pkgexploration/** }
dockerfile sandbox[pkg] { dockerfile = ./dockerfiles/build/{pkg}, from = root }

run explored[pkg] {
  out = "{pkg}.json"
  $ {bin[cmd = "explore"]} package --image {sandbox[pkg]} --out {out} {pkg}
}
run raw[pkg] {
  out = "{pkg}.valid.json"
  $ {bin[cmd = "rawgraph"]} {explored[pkg]} {out}
}

## A builder: flags and graphs in, a manifest and its data files out.
rule resource(flags: {file | tree} = {}, parts: [file] = []) {
  run self {
    out = { json = "{name}.json", data = "data/" }
    $ {bin[cmd = name]} {opts(flags)} {out.json} {out.data} {parts}
  }
}
resource stubless[pkg] { parts = [raw[pkg]] }

# --- one graph of all packages
merge_json graph { parts = stubless.json }
run distidx {
  out = "distidx.json"
  $ {bin[cmd = "distidx"]} --graph {graph} {out}
}
run analyzed {
  out = "analyzed.json.gz"
  $ {bin[cmd = "analyze"]} --graph {graph} --distidx {distidx} --typeshed {typeshed} -o {out} {lists}
}
resource symgraphs { flags = { analyzed, graph, distidx }, parts = raw }

let done = { graph = symgraphs.json, distidx }
run compat {
  out = "compat.json.gz"
  $ {bin[cmd = "compat"]} {opts(done)} {out}
}
resource argspecs     { flags = { typeshed, ...done }, parts = raw }
resource docs         { flags = { compat, ...done }, parts = raw }
resource kwargs       { flags = { compat, ...done } }
resource returntypes  { flags = { analyzed, ...done } }
resource symbolcounts { flags = done }

merge_json manifest {
  parts = [base] + [for r in [symgraphs, argspecs, docs, kwargs, returntypes, symbolcounts]: r.json]
}
let default = [manifest, distidx, compat]
)dg";

/// Every directory of the PATH of these tests has it.
void install(LoadedWorkspace& ws, const std::string& program) {
  ws.files.put("/bin/" + program, "");
  ws.files.set_mode("/bin/" + program, 0755);
}

}  // namespace

TEST_CASE("a gateway image and its client load") {
  LoadedWorkspace ws;
  for (const char* path :
       {"Dockerfile", "pyproject.toml", "skyplane/a.py", "scripts/b.sh", "poetry.lock"})
    ws.put(path, "");
  install(ws, "buildah");
  install(ws, "python3");
  ws.put("Dockerfile", "FROM scratch\nCOPY . /skyplane\n");
  ws.put("build.devgraph", kGateway);
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.count() == 5);
  CHECK(ws.env("//:transfer") == "{ SKYPLANE_DOCKER_IMAGE = text(<edge.ref) }");
  const Node& client = ws.graph->node(ws.node("//:client"));
  CHECK(ws.graph->str(client.refused).empty());
  CHECK(ws.graph->value(ws.graph->node(ws.node("//:transfer")).within).tag == ValueTag::Input);
}

TEST_CASE("wheels by python and arch, images, and a release load") {
  LoadedWorkspace ws;
  ws.put("python/cloudtik/__init__.py", "__version__ = \"1.2.3\"\n");
  ws.put("build.sh", "");
  for (const char* path : {"cloudtik-base", "cloudtik-deps", "cloudtik", "runtime/spark",
                           "runtime/ai/cpu", "runtime/ai/gpu", "runtime/ai/oneapi"}) {
    ws.put(fmt::format("docker/{}/Dockerfile", path), "FROM base\n");
  }
  ws.put("docker/cloudtik-base/Dockerfile", "FROM scratch\n");
  install(ws, "buildah");
  ws.put("build.devgraph", kWheels);
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  // 8 wheels, 5 families of images by device, oneapi, cut, 8 mirrors, 4 pushes, index and page.
  CHECK(ws.count() == 8 + 10 + 1 + 1 + 8 + 4 + 1 + 1);
  const Node& mirror = ws.graph->node(ws.node("//:mirror@py=3.8,arch=x86_64"));
  CHECK((mirror.flags & node_flags::kEffect) != 0);
  CHECK(ws.after("//:mirror@py=3.8,arch=x86_64") == "//:cut");
  CHECK(ws.args("//:cut") == "{ tag = 'v1.2.3' branch = 'branch-1.2.3' remote = 'origin' }");
  const std::string push = ws.args("//:images@region=prc,device=gpu");
  CHECK(push.find("tags = ['1.2.3-gpu']") != std::string::npos);
  CHECK(push.find("ai-oneapi") == std::string::npos);
  CHECK(ws.args("//:images@region=prc,device=cpu").find("ai-oneapi = {") != std::string::npos);
}

TEST_CASE("a template with many tags and a user's layer loads") {
  LoadedWorkspace ws;
  ws.put(".env", "USR=me\nUSRID=1000\nGRP=us\nGRPID=1001\nLAB_NAME=lab\n");
  for (const char* path : {"Dockerfile", "Dockerfile-user", "dependencies/a", "entrypoints/b"})
    ws.put(path, "");
  ws.put("Dockerfile",
         "ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS runtime-generic\nARG PROJECT_NAME\n"
         "COPY entrypoints /\nFROM runtime-generic AS development-generic\n");
  ws.put("Dockerfile-user",
         "FROM base AS runtime-user\nARG USR USRID GRP GRPID\nFROM base AS development-user\n");
  install(ws, "buildah");
  std::string text = kTemplate;
  // Without its digest it could be another image tomorrow.
  const std::string image = "pytorch:24.07-py3";
  text.replace(text.find(image), image.size(), "pytorch@sha256:" + std::string(64, '0'));
  // Facts of git need a repository; golden end-to-end tests have one.
  const std::string commit = "if git.dirty then \"{git.short}-dirty\" else git.short";
  text.replace(text.find(commit), commit.size(), "\"0123456789ab\"");
  ws.put("build.devgraph", text);
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.count() == 10);
  CHECK(ws.args("//:local-me@stage=runtime")
            .find("'lab/template-project-name:amd64-cuda-runtime-0123456789ab-me'") !=
        std::string::npos);
  ws.options.defines = {{"platform", "arm64-cuda"}};
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.args("//:generic@stage=runtime").find("platform = 'linux/arm64'") != std::string::npos);
  ws.options.defines = {{"platform", "riscv"}};
  CHECK_FALSE(ws.load());
  CHECK(ws.errors().find("E410") != std::string::npos);
}

TEST_CASE("a directory that builds, tests and promotes itself loads in two projects") {
  LoadedWorkspace ws;
  ws.put("helpers_root/runnable.devgraph", kRunnable0);
  ws.put("build.devgraph", kRunnable1);
  ws.put("ck.infra/build.devgraph", kRunnable2);
  for (const char* path : {"conftest.py", "pytest.ini", "tasks.py"})
    ws.put(fmt::format("helpers_root/{}", path), "");
  for (const char* tool : {"docker", "git", "poetry"})
    install(ws, tool);
  for (const char* dir : {"", "ck.infra/"}) {
    ws.put(fmt::format("{}changelog.txt", dir), "# cmamp-1.4.0\n");
    ws.put(fmt::format("{}devops/docker_build/dev.Dockerfile", dir), "FROM scratch\n");
    ws.put(fmt::format("{}test/test_a.py", dir), "");
  }
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  // Each: 2 local, dev, 2 suites, lock, save-lock, helpers, release, promote, and the group.
  CHECK(ws.count() == 22);
  CHECK(ws.after("//ck.infra:infra/release") ==
        "//ck.infra:infra/suites@suite=fast //ck.infra:infra/suites@suite=slow");
  const Node& group = ws.graph->node(ws.node("//ck.infra:infra"));
  CHECK(group.kind == ActionKind::Group);
  CHECK((group.flags & node_flags::kEffect) == 0);
  ws.options.projects = {"ck.infra"};
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.count() == 11);
}

TEST_CASE("N packages, merges and resources load: the count follows the packages") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", "devgraph 1\n");
  ws.put("rules/go.devgraph", R"(
## A Go program.
rule go_binary(package: string, src: [file]) {
  run self {
    out = "{name}"
    deps = src
    $ go build -o {out} {package}
  }
}
)");
  ws.put("kite-go/cmd/a.go", "");
  ws.put("kite-python/kite_pkgexploration/x.py", "");
  ws.put("kite-python/kite_pkgexploration/Dockerfile", "FROM scratch\n");
  install(ws, "buildah");
  ws.put("local-pipelines/packagelists/p.txt", "");
  ws.put("local-pipelines/resources/base.json", "{}");
  ws.put("local-pipelines/resources/cmd/explore", "");
  std::string text = kPackages;
  text.replace(0, std::string("devgraph 1\n").size(), "");
  ws.put("local-pipelines/resources/build.devgraph", text);
  for (const int count : {3, 40}) {
    for (int i = 0; i < count; ++i)
      ws.put(fmt::format("local-pipelines/resources/dockerfiles/build/p{}", i), "FROM base\n");
    REQUIRE_MESSAGE(ws.load(), ws.errors());
    // bin, typeshed, root, graph, distidx, analyzed, compat, 6 resources, manifest; 4 a package.
    CHECK(ws.count() == static_cast<std::size_t>(12 + 1 + 1 + 1 + 1 + 1 + 1 + 6 + 1 + 4 * count));
  }
  CHECK(ws.args("//local-pipelines/resources:explored@pkg=p7") ==
        "{ argv = [<bin 'package' '--image' <sandbox '--out' >0 'p7'] }");
}
