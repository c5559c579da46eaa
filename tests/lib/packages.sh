# shellcheck shell=bash
# The Debian 12 packages of this project, once, and what installs those that are missing.
# Sourced by examples/run and tests/run.

# Everything here runs with Debian's own programs, whatever comes first on the caller's PATH.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
# One language for all messages, so that logs of different machines can be compared.
export LC_ALL=C.UTF-8

# To build devgraph.
BUILD_PACKAGES=(
  g++ meson ninja-build pkg-config ccache python3
  tao-pegtl-dev libxxhash-dev nlohmann-json3-dev libtbb-dev libarchive-dev libfmt-dev libcli11-dev
  libssl-dev zlib1g-dev libzstd-dev libcurl4-openssl-dev libtomlplusplus-dev libyaml-cpp-dev
  libre2-dev doctest-dev
)
# To build the examples with it.
EXAMPLE_PACKAGES=(git)
# To test it: sanitizers, format, lint, and what the end-to-end tests drive.
TEST_PACKAGES=(
  clang-19 libclang-rt-19-dev clang-format-19 clang-tidy-19 git make strace procps openssl
  skopeo umoci buildah docker-registry docker.io podman busybox-static apache2-utils curl
  mmdebstrap nginx qemu-user-static gh twine python3-pip python3-setuptools python3-venv python3-wheel
  zstd
)

# missing_packages NAME...: prints those that are not installed.
missing_packages() {
  local installed name
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null) || true
  for name in "$@"; do
    grep -qxF "installed $name" <<<"$installed" || printf '%s\n' "$name"
  done
}

# quietly WHAT COMMAND...: silent on success; on failure what was tried and what it printed.
quietly() {
  local what=$1 log status=0
  shift
  log=$(mktemp)
  "$@" </dev/null >"$log" 2>&1 || status=$?
  if [ "$status" != 0 ]; then
    printf 'error: %s failed (exit status %s): %s\n' "$what" "$status" "$*" >&2
    sed 's/^/  | /' "$log" >&2
  fi
  rm -f "$log"
  return "$status"
}

# install_packages NAME...: makes sure of all of them; asks the network only if one is missing.
install_packages() {
  local missing as_root=()
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" != 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    printf 'error: this needs Debian 12 (no apt-get here); missing: %s\n' "${missing[*]}" >&2
    return 1
  fi
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
      printf 'error: packages are missing, and neither root nor sudo is at hand; as root, run\n' >&2
      printf '  apt-get install --no-install-recommends %s\n' "${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  printf 'installing %s packages: %s\n' "${#missing[@]}" "${missing[*]}" >&2
  quietly 'reading the package lists' "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q update || return 1
  quietly 'installing packages' "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y --no-install-recommends install "${missing[@]}"
}

# register_emulator: programs for arm64 run here, too, by qemu. Where nobody did that (the package
# leaves it to systemd) and we may, for tests that build for another processor.
register_emulator() {
  local where=/proc/sys/fs/binfmt_misc settings=/usr/lib/binfmt.d/qemu-aarch64.conf
  [ "$(uname -m)" = x86_64 ] && [ ! -e "$where/qemu-aarch64" ] && [ "$(id -u)" = 0 ] || return 0
  [ -e "$where/register" ] || mount -t binfmt_misc none "$where" 2>/dev/null || return 0
  cat "$settings" 2>/dev/null >"$where/register" || return 0
}

# configure_build DIR OPTION...: sets a build folder up once; later calls leave it as it is.
configure_build() {
  local dir=$1
  shift
  [ -f "$dir/build.ninja" ] || quietly "meson setup $dir" meson setup "$dir" "$@"
}
