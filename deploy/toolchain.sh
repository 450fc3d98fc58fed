# shellcheck shell=bash
# Sourced by the scripts that run cargo: checks the toolchain before a build fails for a reason that
# nobody understands, and times what takes long. Expects to run in the root of the repository.

# Ends the script unless cargo, a new enough rustc and a linker are there.
require_toolchain() {
    local wanted have
    # rustup writes this folder into the profile of new shells only.
    command -v cargo >/dev/null || PATH=$PATH:$HOME/.cargo/bin
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    { command -v cargo && command -v rustc; } >/dev/null ||
        need_rust "Rust $wanted or later is needed, and there is no cargo."
    have=$(rustc --version | cut -d ' ' -f 2)
    printf '%s\n' "$wanted" "$have" | sort --version-sort --check=quiet ||
        need_rust "Rust $wanted or later is needed, and $(command -v rustc) is $have (the one that Debian packages is too old)."
    { command -v cc && command -v make; } >/dev/null ||
        need_rust 'Rust needs a linker and jemalloc needs make, and there is no cc or no make. Debian: apt-get install gcc libc6-dev make'
}

need_rust() {
    echo "error: $1" >&2
    [[ $1 == *linker* ]] || echo "Get it with: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" >&2
    exit 1
}

# Prints the folder in which cargo builds, whichever way it was set.
target_dir() {
    cargo metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p'
}

# Runs a command under a title, and says how long it took. $1: title; the rest: the command.
# Not for use in conditions: the shell would then run on after a failure inside a function.
phase() {
    local title=$1 begin=$SECONDS
    shift
    echo "== $title"
    "$@"
    echo "== $title: $((SECONDS - begin)) s"
}
