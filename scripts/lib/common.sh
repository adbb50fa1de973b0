# Shared by the scripts beside it; sourced, never run.

# Follow the `toolchain` line of go.mod, also where a distribution pinned the local one.
export GOTOOLCHAIN=auto

# No script ends without a word: `set -e` names the command it ended at.
set -E
trap 'echo "${0##*/}: line $LINENO: exit code $? of: $BASH_COMMAND" >&2' ERR

die() { echo "${0##*/}: $*" >&2; exit 2; }
warn() { echo "${0##*/}: warning: $*" >&2; }

as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root to install packages: run as root, or install sudo"
  fi
}

# timed LABEL COMMAND [ARG...]: runs it, then prints "== LABEL: 12 s" to stderr.
# To be called as a plain statement, so that `set -e` stays in force inside COMMAND.
timed() {
  local label=$1 start=$SECONDS
  shift
  "$@"
  echo "== $label: $((SECONDS - start)) s" >&2
}

# build PRESET [TARGET...]: configures and builds quietly; on failure shows what the compiler said.
# In CI warnings are errors.
build() {
  local preset=$1 werror=OFF log
  shift
  [[ ${CI:-} == true ]] && werror=ON
  log=$(mktemp)
  if ! { cmake --preset "$preset" -DPARACLE_WERROR=$werror && cmake --build --preset "$preset" ${1:+--target "$@"}; } >"$log" 2>&1; then
    tail -n 100 "$log" >&2
    rm -f "$log"
    return 1
  fi
  grep -A 5 'warning:' "$log" >&2 || true
  rm -f "$log"
}

# The Debian mirror that this machine uses, or nothing.
debian_mirror() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
    awk '/^(deb |URIs:)/ { for (i = 2; i <= NF; i++) if ($i ~ /^https?:.*\/debian\/?$/) { print $i; exit } }' || true
}
