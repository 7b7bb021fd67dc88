#!/usr/bin/env bash
# Checks what the workspace depends on against deny.toml; any finding fails.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/install.sh

# cargo-deny reads the crates of every platform, of which a build fetches its own only.
cargo fetch --locked --quiet
echo "+ cargo deny --offline check -D warnings bans licenses sources"
PATH="$PWD/.tools/venv/bin:$PATH" cargo deny --offline check -D warnings bans licenses sources
