# shellcheck shell=bash
# To be sourced, with a target or without: from then on cargo builds static binaries for it, in whose octets no folder of this machine
# shows. glibc and not musl, whose allocator and memcpy cost a resolver time.

target=${1:-$(rustc -vV | sed -n 's/^host: //p')}
export CARGO_BUILD_TARGET=$target

# Only for the target: build scripts and macros, which run here, stay as they are. Encoded, which means with U+001F between them, as the
# folder may have blanks in its name; and so they win over RUSTFLAGS, without which the program would not be static.
flags=("--remap-path-prefix=$PWD=/lanward" "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo")
case $target in
*-linux-gnu*) flags=(-Ctarget-feature=+crt-static "${flags[@]}") ;;
esac
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS

# Compiler and linker of another architecture have the names that Debian gives them.
variable=$(tr 'a-z-' 'A-Z_' <<<"$target")
case $target in
"$(rustc -vV | sed -n 's/^host: //p')") ;;
armv7-*) export "CARGO_TARGET_${variable}_LINKER=arm-linux-gnueabihf-gcc" ;;
*) export "CARGO_TARGET_${variable}_LINKER=${target/-unknown/}-gcc" ;;
esac

# The folder in which cargo puts what it builds with PROFILE.
cargo_folder() {
    local profile=${PROFILE:-release}
    [ "$profile" != dev ] || profile=debug
    echo "${CARGO_TARGET_DIR:-target}/$target/$profile"
}
