# Shell functions that ./run and ./test share: say what happens, install what is missing, build. Sourced, never run.

if [ -t 1 ]; then say() { printf '\033[1m==>\033[0m %s\n' "$*"; }; else say() { printf '==> %s\n' "$*"; }; fi
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# True when a package is installed, or when a command that it would bring is there already (node from elsewhere, say).
have_package() {
  case "$1" in
    nodejs) command -v node >/dev/null && return 0 ;;
    npm | cmake | ccache | git | python3) command -v "$1" >/dev/null && return 0 ;;
  esac
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# missing_packages SECTION...: prints the packages to install; for alternatives the first that apt knows.
missing_packages() {
  local section spec name found chosen
  while read -r section spec; do
    case " $* " in *" $section "*) ;; *) continue ;; esac
    found=
    for name in ${spec//|/ }; do have_package "$name" && found=yes && break; done
    [ -n "$found" ] && continue
    chosen=
    for name in ${spec//|/ }; do
      [ -n "$(apt-cache policy "$name" 2>/dev/null | sed -n 's/^  Candidate: \([^(].*\)/\1/p')" ] && chosen=$name && break
    done
    echo "${chosen:-${spec%% *}}"
  done < <(grep -v '^#' "$ROOT/deploy/debian-packages.txt")
}

# install_packages SECTION...: asks for nothing; uses sudo only when something is missing and we are not root.
install_packages() {
  command -v apt-get >/dev/null || die "this script installs packages with apt-get (Debian 12 or 13); on another system install what deploy/debian-packages.txt lists and build with: cmake --preset release && cmake --build --preset release"
  local missing sudo=
  missing=$(missing_packages "$@" | xargs)
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "these packages are missing and there is no sudo: $missing"
    sudo="sudo"
  fi
  say "Looking up packages"
  $sudo apt-get update -qq || die "apt-get update failed; is there a network?"
  missing=$(missing_packages "$@" | xargs)
  say "Installing: $missing"
  # Servers that Debian would start on installation are only wanted as programs: the policy file keeps them down.
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null && $sudo chmod 755 "$policy" && made=yes
  fi
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >"$ROOT/build/apt.log" 2>&1 ||
    { tail -n 20 "$ROOT/build/apt.log" >&2; [ -z "$made" ] || $sudo rm -f "$policy"; die "apt-get could not install: $missing (the whole log: build/apt.log)"; }
  [ -z "$made" ] || $sudo rm -f "$policy"
}

# build PRESET TARGET...: configures when needed and builds, with ninja's own progress line on a terminal.
build() {
  local preset=$1
  shift
  [ -f "$ROOT/build/$preset/build.ninja" ] || { say "Configuring ($preset)"; (cd "$ROOT" && cmake --preset "$preset" >"$ROOT/build/configure-$preset.log" 2>&1) ||
    { tail -n 30 "$ROOT/build/configure-$preset.log" >&2; die "cmake could not configure"; }; }
  say "Building ($preset): $*"
  (cd "$ROOT" && cmake --build --preset "$preset" --target "$@") || die "the build failed"
}
