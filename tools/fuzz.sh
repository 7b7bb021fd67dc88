#!/usr/bin/env bash
# Fuzzes what reads texts of others: the targets that are named, or all of them, each for FUZZ_SECONDS (30). What it finds is
# kept under fuzz/artifacts, and fails. Needs a C++ compiler, for libFuzzer, and the stable toolchain.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.13.2
fail() {
    echo "tools/fuzz.sh: $*" >&2
    exit 1
}

command -v "${CXX:-c++}" >/dev/null || fail "nothing was fuzzed: libFuzzer needs a C++ compiler, and there is no ${CXX:-c++}"
if [ "$(.tools/bin/cargo-fuzz --version 2>/dev/null)" != "cargo-fuzz $version" ]; then
    cargo install --locked --quiet --version "$version" --root .tools cargo-fuzz ||
        fail "nothing was fuzzed: cargo-fuzz $version can't be installed"
fi
export PATH="$PWD/.tools/bin:$PATH"

# What is fuzzed has the versions of what is deployed.
if [ ! fuzz/Cargo.lock -nt Cargo.lock ]; then
    cp Cargo.lock fuzz/Cargo.lock
fi

# Each target begins with our own fixtures.
mkdir -p fuzz/corpus/{policy,findings,events}
seed() {
    local target=$1 file
    shift
    for file in "$@"; do
        cp "$file" "fuzz/corpus/$target/${file//\//-}"
    done
}
shopt -s nullglob
seed policy cli/tests/fixtures/scan/*.yaml
awk '/^```yaml$/ { inside = 1; next } /^```$/ { inside = 0 } inside' docs/scan-policy.md >fuzz/corpus/policy/docs-scan-policy.yaml
seed findings cli/tests/fixtures/scan/*.json
seed events functions/*/tests/fixtures/*.json
for target in fuzz/corpus/*; do
    [ -n "$(find "$target" -type f -size +0 -print -quit)" ] || fail "nothing was fuzzed: $target begins with nothing"
done

[ $# -gt 0 ] || set -- policy findings events
for target in "$@"; do
    options=(-max_total_time="${FUZZ_SECONDS:-30}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1)
    [ ! -f "fuzz/$target.dict" ] || options+=(-dict="fuzz/$target.dict")
    # Without a sanitizer nothing needs a nightly compiler, and safe Rust has nothing for one to find.
    echo "+ cargo fuzz run --sanitizer none $target -- ${options[*]}"
    cargo fuzz run --sanitizer none --target-dir fuzz/target "$target" -- "${options[@]}"
done
