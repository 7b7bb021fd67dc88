#!/usr/bin/env bash
# Deploys the release binaries with `sam` into MiniStack, an emulator of AWS, and drives the stack from outside. Needs no
# account, no Docker, and what tools/install.sh needs. Leaves its logs under target/deployed.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/install.sh
tools/install.sh deployed

target=${CARGO_TARGET_DIR:-target}
cargo build --locked --quiet -p tidegate-tests --bin world
exec .tools/venv-deployed/bin/python tests/deployed \
    --binaries "$target/release" --world "$target/debug/world" \
    --sam .tools/venv/bin/sam --ministack .tools/venv-deployed/bin/ministack
