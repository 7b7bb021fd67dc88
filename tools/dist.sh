#!/usr/bin/env bash
# Packages a release under target/dist: for each architecture a folder that `sam deploy` deploys without Rust, with the
# command line, checksums, a bill of materials and the licences of everything that is in it. The zips are the same to the
# byte whenever the binaries are. Needs what tools/install.sh needs, and binutils. With DIST_AS_BUILT=1 it packages binaries
# that are there already.
set -euo pipefail
cd "$(dirname "$0")/.."

cyclonedx=0.5.9
about=0.9.3
# What provided.al2023 has: https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html
glibc=2.34
fail() {
    echo "tools/dist.sh: $*" >&2
    exit 1
}

command -v objdump >/dev/null || fail "nothing was packaged: objdump of binutils is needed to look at the binaries"
tools/install.sh
tool() {
    local name=$1 version=$2
    shift 2
    if ! ".tools/bin/$name" "${name#cargo-}" --version 2>/dev/null | grep -qF " $version"; then
        echo "installing $name $version into .tools"
        cargo install --locked --quiet --version "$version" --root .tools "$@" "$name" ||
            fail "nothing was packaged: $name $version can't be installed"
    fi
}
tool cargo-cyclonedx "$cyclonedx"
tool cargo-about "$about" --features cli
export PATH="$PWD/.tools/bin:$PATH"

again=$(mktemp -d)
trap 'rm -rf "$again"' EXIT
# Of whoever writes times into files: the last commit's.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 0)
export SOURCE_DATE_EPOCH

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
[ -n "$version" ] || fail "Cargo.toml has no version"
mapfile -t functions < <(for manifest in functions/*/Cargo.toml; do basename "$(dirname "$manifest")"; done)
target=${CARGO_TARGET_DIR:-target}
dist=$target/dist

# No newer symbol of glibc than Lambda has.
check_glibc() {
    local newest
    newest=$(objdump -T "$1" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -uV | tail -1)
    [ -n "$newest" ] || fail "$1 names no symbol of glibc: it can't be told where it runs"
    [ "$(printf '%s\n' "$newest" "$glibc" | sort -V | tail -1)" = "$glibc" ] ||
        fail "$1 needs glibc $newest, and Lambda's provided.al2023 has $glibc"
    echo "$(basename "$1") needs glibc $newest"
}

# What is in the binaries, for one target.
bills() {
    local triple=$1 into=$2 crate folder
    # It writes one beside every manifest of the workspace.
    cargo cyclonedx --quiet --format json --spec-version 1.5 --target "$triple" --no-build-deps \
        --override-filename tidegate-bill
    for crate in "${functions[@]}" tidegate; do
        folder=functions/$crate
        [ -d "$folder" ] || folder=cli
        mv "$folder/tidegate-bill.json" "$into/$crate.cdx.json"
        python3 tools/bill.py --package "$crate" --target "$triple" "$into/$crate.cdx.json"
    done
    find shared functions cli tests fuzz -name tidegate-bill.json -delete
}

# The licences of all that, with their texts. Which ones there may be is deny.toml's to say.
licences() {
    local config=$again/about.toml
    {
        sed -n 's/^allow = /accepted = /p' deny.toml
        echo 'ignore-build-dependencies = true'
        echo 'ignore-dev-dependencies = true'
        echo 'private = { ignore = true }'
    } >"$config"
    grep -q '^accepted' "$config" || fail "deny.toml allows no licences"
    cargo about generate --locked --offline --fail --workspace --target "$1" --config "$config" \
        --output-file "$2" tools/about.hbs
}

package() {
    local architecture=$1 triple=$2 binaries=$3
    local name=tidegate-$version-$architecture
    local folder=$dist/$name
    rm -rf "$folder"
    mkdir -p "$folder/sbom"
    for binary in "${functions[@]}" tidegate; do
        check_glibc "$binaries/$binary"
    done
    python3 tools/package.py --binaries "$binaries" --into "$folder" --architecture "$architecture"
    python3 tools/package.py --binaries "$binaries" --into "$again/$name" --architecture "$architecture" >/dev/null
    diff -r "$again/$name" "$folder" --exclude sbom || fail "the same binaries were packaged twice, and are not the same"
    install -m 755 "$binaries/tidegate" "$folder/tidegate"
    # With what the README points to.
    git ls-files -z LICENSE README.md docs examples | xargs -0 cp --parents -t "$folder"
    bills "$triple" "$folder/sbom"
    licences "$triple" "$folder/THIRD-PARTY.txt"
    (cd "$folder" && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
    (
        export AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none SAM_CLI_TELEMETRY=0
        sam=$PWD/.tools/venv/bin/sam
        cd "$folder" && "$sam" validate
    )
    # Names and times in it are the same each time, too.
    tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -C "$dist" -czf "$dist/$name.tar.gz" "$name"
    (cd "$dist" && sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256")
}

host=$(rustc -vV | sed -n 's/^host: //p')
for architecture in x86_64 arm64; do
    triple=${architecture/arm64/aarch64}-unknown-linux-gnu
    if [ "$triple" = "$host" ]; then
        options=() binaries=$target/release
    elif rustup target list --installed 2>/dev/null | grep -qx "$triple"; then
        options=(--target "$triple") binaries=$target/$triple/release
    else
        echo "$architecture is left out: the target $triple is not installed"
        continue
    fi
    # One after the other, as make functions has it.
    for crate in "${functions[@]}" tidegate; do
        [ -n "${DIST_AS_BUILT:-}" ] || cargo build --locked --release "${options[@]}" -p "$crate"
    done
    package "$architecture" "$triple" "$binaries"
done
