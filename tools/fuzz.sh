#!/usr/bin/env bash
# Fuzzes what reads texts of others: the targets that are named, or all of them, each for FUZZ_SECONDS (30), or for FUZZ_RUNS
# runs that are the same each time. What it finds is
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

# Each target begins with our own fixtures, and with fuzz/seeds.
shopt -s nullglob
seed() {
    local target=$1 file
    shift
    mkdir -p "fuzz/corpus/$target"
    for file in "$@" fuzz/seeds/"$target"/*; do
        cp "$file" "fuzz/corpus/$target/${file//\//-}"
    done
}
seed policy cli/tests/fixtures/scan/*.yaml
awk '/^```yaml$/ { inside = 1; next } /^```$/ { inside = 0 } inside' docs/scan-policy.md >fuzz/corpus/policy/docs-scan-policy.yaml
seed findings cli/tests/fixtures/scan/*.json
seed events functions/*/tests/fixtures/*.json
seed tags
seed settings
seed smoke
seed app_spec
seed definition cli/tests/fixtures/preflight/*.json
seed stopped cli/tests/fixtures/diagnose/*.json functions/deploy-hook/tests/fixtures/task-stopped.json
seed load cli/tests/fixtures/two_days.csv
seed release cli/tests/fixtures/*_release.csv
seed questions
seed record
for target in $(cargo fuzz list); do
    [ -n "$(find "fuzz/corpus/$target" -type f -size +0 -print -quit)" ] || fail "nothing was fuzzed: $target begins with nothing"
done

# Without a sanitizer nothing needs a nightly compiler, and safe Rust has nothing for one to find.
built=(--sanitizer none --target-dir fuzz/target)
cargo fuzz build "${built[@]}"
[ $# -gt 0 ] || set -- $(cargo fuzz list)
for target in "$@"; do
    # So many runs from one seed are the same runs each time: what is tested does not depend on luck.
    length=(-max_total_time="${FUZZ_SECONDS:-30}")
    [ -z "${FUZZ_RUNS:-}" ] || length=(-seed=1 -runs="$FUZZ_RUNS")
    options=("${length[@]}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1)
    [ ! -f "fuzz/dictionaries/$target.dict" ] || options+=(-dict="fuzz/dictionaries/$target.dict")
    echo "+ cargo fuzz run --sanitizer none $target -- ${options[*]}"
    log=$(mktemp)
    cargo fuzz run "${built[@]}" "$target" -- "${options[@]}" >"$log" 2>&1 || { cat "$log"; exit 1; }
    grep -E 'stat::number_of_executed_units|stat::new_units_added' "$log"
    rm "$log"
done
