// Probes: what a command in the sandbox can and cannot do, with the ABI of old and new kernels.

#include "engine/exec/sandbox.h"

#include <filesystem>

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/path.h"
#include "engine/exec/process_runner.h"
#include "tests/support/temp_folder.h"

namespace devgraph::exec {
namespace {

/// Landlock as this machine has it; the probes below need a kernel that does.
int kernel() {
  return sandbox_report().abi;
}

/// A workspace with a few files, and commands in its sandbox.
class Jail {
 public:
  explicit Jail(int abi = kNewestAbi, const std::string& home = "")
      : runner_(ProcessRunner::create({.home = home, .abi_limit = abi}).value()) {
    for (const char* path : {"declared", "secret", "tree/in/a", "near/x", "near-by", "side/s"}) {
      put(path, std::string("text of ") + path + "\n");
    }
    REQUIRE(files.make_folders(scratch));
    policy.enabled = true;
    policy.workspace = workspace;
    policy.readable = {workspace + "/declared", workspace + "/tree/", workspace + "/near/"};
    policy.writable = {scratch + "/"};
  }
  void put(const std::string& path, const std::string& text) {
    const std::string full = workspace + "/" + path;
    REQUIRE(files.make_folders(std::string(parent_path(full))));
    REQUIRE(files.write(full, text, 0755, false));
  }
  /// What a script prints, and its status: `0 text`. The workspace is $W.
  std::string probe(const std::string& script) {
    static_cast<void>(files.remove(folder / "log"));
    Command command;
    command.argv = {"/bin/bash", "-c", script};
    command.environment = {"PATH=/usr/bin:/bin", "W=" + workspace, "LC_ALL=C",
                           "TOP=" + folder.path()};
    command.folder = scratch;
    command.log_file = folder / "log";
    command.sandbox = policy;
    const Status started = runner_->start(1, command);
    if (!started) return started.error().message;
    const Exit exit = runner_->wait(std::chrono::milliseconds{20000}).value().at(0);
    return std::to_string(WEXITSTATUS(exit.wait_status)) + " " + files.read(folder / "log").value();
  }
  bool denied(const std::string& script) {
    const std::string result = probe(script);
    CAPTURE(result);
    const bool refused = result.find("Permission denied") != std::string::npos ||
                         result.find("Operation not permitted") != std::string::npos;
    return result[0] != '0' && refused;
  }
  bool allowed(const std::string& script) {
    const std::string result = probe(script);
    CAPTURE(result);
    CHECK(result.starts_with("0 "));
    return result.starts_with("0 ");
  }

  TempFolder folder;
  DiskFiles files;
  std::string workspace = folder / "ws";
  std::string scratch = folder / "ws/.devgraph/scratch/1";
  SandboxPolicy policy;

 private:
  std::unique_ptr<ProcessRunner> runner_;
};

TEST_CASE("files: what is declared can be read, what is not cannot, under every ABI") {
  REQUIRE(kernel() >= 1);
  for (const int abi : {1, 3, 4, 6, kNewestAbi}) {
    CAPTURE(abi);
    Jail jail(abi);
    CHECK(jail.probe("cat $W/declared $W/tree/in/a; ls $W/tree") ==
          "0 text of declared\ntext of tree/in/a\nin\n");
    CHECK(jail.denied("cat $W/secret"));
    CHECK(jail.denied("cat $W/near-by"));
    CHECK(jail.denied("ls $W"));
    CHECK(jail.denied("cat $TOP/ws/side/s"));
    CHECK(jail.denied("$W/secret"));
  }
}

TEST_CASE("files: only scratch can be written, under every ABI") {
  for (const int abi : {1, 3, 4, 6, kNewestAbi}) {
    CAPTURE(abi);
    Jail jail(abi);
    CHECK(jail.allowed(
        "echo x > a; mkdir -p d/e; mv a d/e/b; cp -r d f; rm -r d; ln -s f g; mkfifo p; "
        "cat f/e/b"));
    // Links between folders came with ABI 2.
    CHECK(jail.denied("cat f/e/b; ln f/e/b hard || echo Permission denied; cat hard") == (abi < 2));
    CHECK(jail.denied("echo x > $W/new"));
    CHECK(jail.denied("echo x >> $W/declared"));
    CHECK(jail.denied("touch $W/tree/new"));
    CHECK(jail.denied("mkdir $W/near/d"));
    CHECK(jail.denied("rm -f $W/tree/in/a"));
    CHECK(jail.denied("echo x > $TOP/x"));
    CHECK(jail.denied("echo x > /tmp/devgraph-probe"));
    CHECK(jail.denied("echo x > /var/tmp/devgraph-probe"));
    CHECK(jail.denied("echo x > /dev/shm/devgraph-probe"));
    CHECK(jail.denied("ls /tmp"));
    CHECK(jail.files.read(jail.workspace + "/declared").value() == "text of declared\n");
  }
}

TEST_CASE("files: truncating what cannot be written is held from ABI 3 on") {
  const char* script = "perl -e 'truncate(\"$ENV{W}/declared\", 0) or die \"$!\\n\"'";
  CHECK(Jail(3).denied(script));
  Jail old(1);
  CHECK(old.allowed(script));
}

TEST_CASE("the system, devices and the command's own log are there") {
  Jail jail;
  CHECK(jail.allowed(
      "ls /usr/bin >/dev/null; cat /etc/passwd >/dev/null; head -c 8 /dev/urandom "
      "> /dev/null; head -c 4 /dev/zero >/dev/null; cat /proc/self/status > /dev/null"));
  CHECK(jail.probe("echo first; echo told > /dev/stderr") == "0 told\n");
  CHECK(jail.probe("echo first; echo told >> /dev/stderr") == "0 first\ntold\n");
  CHECK(jail.probe("cat <<E\nhere\nE\ncat <(echo there)") == "0 here\nthere\n");
}

TEST_CASE("an input that is a link can be read, and lets nothing else through") {
  Jail jail;
  REQUIRE(jail.files.symlink("side/s", jail.workspace + "/link"));
  jail.policy.readable.push_back(jail.workspace + "/link");
  CHECK(jail.probe("cat $W/link") == "0 text of side/s\n");
  CHECK(jail.denied("ls $W/side"));
}

TEST_CASE("a declared file that is not there is no error of the sandbox") {
  Jail jail;
  jail.policy.readable.push_back(jail.workspace + "/absent");
  CHECK(jail.allowed("true"));
}

TEST_CASE("TCP is off unless asked for, from ABI 4 on") {
  const std::string connect = "exec 3<>/dev/tcp/127.0.0.1/1";
  REQUIRE(kernel() >= 4);
  Jail jail;
  CHECK(jail.denied(connect));
  jail.policy.network = true;
  CHECK(jail.probe(connect).find("Connection refused") != std::string::npos);
  Jail old(3);
  CHECK(old.probe(connect).find("Connection refused") != std::string::npos);
}

TEST_CASE("processes outside cannot be signalled, from ABI 6 on") {
  REQUIRE(kernel() >= 6);
  Jail jail;
  CHECK(jail.denied("kill -0 $PPID"));
  CHECK(jail.allowed("sleep 100 & kill $!; wait $! || true"));
  Jail old(4);
  CHECK(old.allowed("kill -0 $PPID"));
}

TEST_CASE("secrets of HOME are hidden, the rest of it is not") {
  // Not in /tmp, which is hidden as a whole.
  std::string home = std::filesystem::current_path().string() + "/sandbox-home-XXXXXX";
  REQUIRE(::mkdtemp(home.data()));
  DiskFiles files;
  REQUIRE(files.make_folders(home + "/.ssh"));
  REQUIRE(files.make_folders(home + "/.config/gh"));
  REQUIRE(files.make_folders(home + "/.config/app"));
  REQUIRE(files.make_folders(home + "/.local/bin"));
  for (const char* path : {"/.ssh/id", "/.config/gh/hosts.yml", "/.config/app/c", "/.local/bin/t",
                           "/.netrc", "/.gitconfig"}) {
    REQUIRE(files.write(home + path, "x", 0644, false));
  }
  {
    Jail jail(kNewestAbi, home);
    CHECK(jail.denied("cat " + home + "/.ssh/id"));
    CHECK(jail.denied("cat " + home + "/.netrc"));
    CHECK(jail.denied("cat " + home + "/.config/gh/hosts.yml"));
    if (!home.starts_with("/tmp/")) {
      CHECK(jail.allowed("cat " + home + "/.gitconfig " + home + "/.config/app/c " + home +
                         "/.local/bin/t"));
    }
  }
  REQUIRE(files.remove_all(home));
}

TEST_CASE("without Landlock commands run all the same, unless the sandbox is required") {
  Jail jail(0);
  CHECK(jail.allowed("cat $W/secret"));
  jail.policy.required = true;
  CHECK(jail.probe("true") ==
        "this kernel cannot hold the whole sandbox (Landlock ABI 0, 6 is needed); see `devgraph "
        "doctor`");
  Jail partly(4);
  partly.policy.required = true;
  CHECK(partly.probe("true").find("Landlock ABI 4") != std::string::npos);
  Jail whole;
  whole.policy.required = true;
  CHECK(whole.allowed("true"));
}

TEST_CASE("the report says what is not held") {
  CHECK(sandbox_report(0).abi == 0);
  REQUIRE(sandbox_report(0).not_held.size() == 1);
  CHECK(sandbox_report(0).not_held[0].find("no Landlock") != std::string::npos);
  CHECK(sandbox_report(1).not_held.size() == 7);
  CHECK(sandbox_report(6).not_held.size() == 3);
  CHECK(sandbox_report(6).abi == 6);
}

TEST_CASE("a sandbox of a workspace that is a whole folder of the system") {
  // Everything on the way is expanded, and the workspace itself stays hidden.
  const Result<Sandbox> sandbox = Sandbox::create({.workspace = "/usr/share", .home = ""});
  REQUIRE(sandbox);
  SandboxPolicy policy;
  policy.workspace = "/usr/share";
  CHECK(sandbox->rules_for(policy, -1));
}

}  // namespace
}  // namespace devgraph::exec
