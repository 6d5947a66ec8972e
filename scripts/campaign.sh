#!/usr/bin/env bash
# The long forms of the tests of reliability. Each has a short form that runs with `make test`; KEYWARD_CAMPAIGN=1 makes it the long one.
# What they measured stands in lines that begin with FIGURE; docs/reliability.md has the last.
#
# scripts/campaign.sh [WORD…]: only those whose name has one of the words.
set -uo pipefail
cd "$(dirname "$0")/.."
export KEYWARD_CAMPAIGN=1 KEYWARD_REQUIRE_REAL=1 PATH=$PATH:/usr/sbin
logs=target/campaign
mkdir -p "$logs"
scripts/needs.sh || echo "scripts/needs.sh failed; going on with what is there"
wanted=("$@") failed=()

# run NAME CARGO-TEST-ARGUMENTS...
run() {
    local name=$1 word began=$SECONDS
    shift
    for word in "${wanted[@]:-$name}"; do
        [[ $name == *"$word"* ]] || continue
        echo "== $name: cargo test $*"
        cargo test --locked "$@" --nocapture </dev/null >"$logs/$name.log" 2>&1 || failed+=("$name")
        grep -aE 'FIGURE |^test result|FAILED|SKIP ' "$logs/$name.log"
        echo "-- $((SECONDS - began)) s, all of it in $logs/$name.log"
        return
    done
}

# RUNS (a line each; the arguments end with `-- FILTER`)
run r7 -p keyward-core --test core -- r7_
run r8 --release -p keyward-core --test core -- r8_

echo
if [ ${#failed[@]} -gt 0 ]; then echo "failed: ${failed[*]}"; exit 1; fi
echo "all held"
