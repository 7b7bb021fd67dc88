#!/usr/bin/env bash
# Puts the tools that check and build the stack under .tools/, which git ignores. Needs python3 (3.10 or newer).
# Does nothing where they are there already. With `bench` it puts Python's side of the benchmarks there instead, and with
# `faults` the proxy that AWS's failures come from.
set -euo pipefail
cd "$(dirname "$0")/.."

# One virtual environment for each file of requirements. Its stamp is written last, so that an installation that was
# broken off is made again.
install() {
    local venv=$1 requirements=$2 constraints=$3 stamp
    stamp=$({ python3 --version && cat "$requirements" "$constraints"; } | cksum)
    if [ "$(cat "$venv/stamp" 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    echo "installing $requirements into $venv"
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" -c "$constraints"
    echo "$stamp" >"$venv/stamp"
}

if [ "${1:-}" = bench ]; then
    install .tools/venv-bench tools/requirements-bench.txt tools/constraints-bench.txt
    exit
fi
if [ "${1:-}" = faults ]; then
    install .tools/venv-faults tools/requirements-faults.txt tools/constraints-faults.txt
    exit
fi
install .tools/venv tools/requirements.txt tools/constraints.txt &
install .tools/venv-checkov tools/requirements-checkov.txt tools/constraints-checkov.txt &
for job in $(jobs -p); do
    wait "$job"
done
