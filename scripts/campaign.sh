#!/usr/bin/env bash
# The long forms of the tests of reliability. Each has a short form that runs with `make test`; KEYWARD_CAMPAIGN=1 makes it the long one.
# What they measured stands in lines that begin with FIGURE; docs/reliability.md has the last.
#
# scripts/campaign.sh [WORD…]: only those whose name begins with one of the words. KEYWARD_CAMPAIGN_MINUTES bounds r1 (else 60), KEYWARD_CAMPAIGN_STEP
# makes r2 play every n-th fault (else each) behind the first KEYWARD_CAMPAIGN_FROM, and KEYWARD_TRIED_BINARY names another build to be tried, such as
# the one that is to be released.
set -uo pipefail
cd "$(dirname "$0")/.."
export KEYWARD_CAMPAIGN=1 KEYWARD_REQUIRE_REAL=1 PATH=$PATH:/usr/sbin
logs=target/campaign
mkdir -p "$logs"
scripts/needs.sh || echo "scripts/needs.sh failed; going on with what is there"
wanted=("$@") failed=() ran=0

# run NAME CARGO-TEST-ARGUMENTS...
run() {
    local name=$1 word began=$SECONDS log=$logs/$1.log
    shift
    for word in "${wanted[@]:-$name}"; do
        [[ $name == "$word"* ]] || continue
        ran=$((ran + 1))
        echo "== $name: cargo test $*"
        # A filter that no test has is no success.
        cargo test --locked "$@" --nocapture </dev/null >"$log" 2>&1 && grep -qaE '^test result: ok\. [1-9]' "$log" || failed+=("$name")
        grep -aE 'FIGURE |^test result|FAILED|SKIP ' "$log"
        echo "-- $((SECONDS - began)) s, all of it in $log"
        return
    done
}

# RUNS (a line each; the arguments end with `-- FILTER`)
run r1 --workspace --test faults -- r1_
run r2 --workspace --test faults -- r2_
run r4 --workspace --test faults -- r4_
run r5 --workspace --test faults -- r5_
run r7 --workspace --test core -- r7_
run r8 --release -p keyward-core --test core -- r8_
run once --release -p keyward --test once --
run once-processes --workspace --test faults -- r14_
run log-r17 --workspace --test store -- r17_
run log-r18 --workspace --test store -- r18_
run log-r19 --workspace --test store -- r19_
run r20 --workspace --test faults -- r20_
run hostile --workspace --test hostile --

echo
if [ "$ran" -eq 0 ]; then echo "no run begins with: $*"; exit 2; fi
if [ ${#failed[@]} -gt 0 ]; then echo "failed: ${failed[*]}"; exit 1; fi
echo "all held"
