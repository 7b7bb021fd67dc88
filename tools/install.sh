#!/usr/bin/env bash
# Puts the tools that check and build the stack under .tools/, which git ignores. Needs python3 (3.10 or newer).
# Does nothing where they are there already. With `bench`, `faults` or `deployed` it puts there what that word of the
# Makefile needs: the benchmarks' Python side, the proxy that AWS's failures come from, the emulator to deploy into.
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

case ${1:-} in
bench | deployed | faults)
    install ".tools/venv-$1" "tools/requirements-$1.txt" "tools/constraints-$1.txt"
    exit
    ;;
esac
install .tools/venv tools/requirements.txt tools/constraints.txt &
install .tools/venv-checkov tools/requirements-checkov.txt tools/constraints-checkov.txt &
for job in $(jobs -p); do
    wait "$job"
done
