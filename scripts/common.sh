# What the scripts share. Sourced, not run; the one who sources it has set -euo pipefail.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc)

# What musterd and muster are built from.
build_packages=(g++ cmake ninja-build libboost1.81-dev libprotobuf-dev protobuf-compiler libleveldb-dev libsnappy-dev libfmt-dev libspdlog-dev
  libyaml-cpp-dev libcli11-dev libedit-dev libgoogle-perftools-dev libssl-dev nlohmann-json3-dev)

# What the sanitizers and fuzzers are built with.
fuzz_packages=(catch2 clang libclang-rt-dev)

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 2
}

# need_packages PACKAGE…: installs those of these Debian packages that are missing.
need_packages() {
  local package missing=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  local as_root=()
  if ((EUID)); then
    command -v sudo >/dev/null || fail "missing packages: ${missing[*]}. Run this as root once, or install them."
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# configure DIRECTORY [CMAKE OPTION…]: (re)configures a build directory; options given earlier stay.
configure() {
  local directory=$1
  shift
  mkdir -p "$directory"
  local log=$directory/configure.log
  cmake -S "$root" -B "$directory" -G Ninja "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    fail "cmake could not configure $directory"
  }
}

# configure_asan DIRECTORY: clang, address and undefined-behaviour sanitizers, ready for the fuzzers.
configure_asan() {
  configure "$1" -DMUSTER_TESTS=ON -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
    -DMUSTER_SANITIZE=address,undefined,fuzzer-no-link
}

# build DIRECTORY [TARGET…]: builds the targets, or everything.
build() {
  local directory=$1
  shift
  ninja -C "$directory" -j "$jobs" "$@"
}
