#!/usr/bin/env bash
# Runs everything and ends with what ran, what was skipped and why. A skip never looks like a pass: a test that lacks something of the
# machine prints `SKIP <what>: <why>`, the lines are collected here, and with CI=true or KEYWARD_REQUIRE_REAL=1 one of them is a failure.
set -uo pipefail
cd "$(dirname "$0")/.."

if [ "${CI:-}" = true ]; then export KEYWARD_REQUIRE_REAL=1; fi
export PATH=$PATH:/usr/sbin
logs=target/test-logs
rm -rf "$logs" && mkdir -p "$logs"
ran=() broken=() passed=0 failed=0 skipped=0 ignored=0

command -v cargo >/dev/null || { echo "cargo is not installed; the toolchain is named in rust-toolchain.toml"; exit 1; }
scripts/needs.sh || echo "scripts/needs.sh failed; going on with what is there"

# step NAME COMMAND...: runs it, shows its milestones, keeps all of its output, and adds up.
step() {
    local name=$1 began=$SECONDS code good bad without
    shift
    echo "== $name: $*"
    "$@" </dev/null 2>&1 | tee "$logs/$name.log" |
        grep --line-buffered -aE '^(error|warning|Diff in |   Compiling keyward|    Finished|     Running|test result|test .*FAILED|SKIP |  +[0-9]+ (passed|failed|skipped|flaky))'
    code=${PIPESTATUS[0]}
    without=$(skips "$logs/$name.log" all)
    good=$(($(sum "$logs/$name.log" passed) - $(skips "$logs/$name.log" tests)))
    bad=$(sum "$logs/$name.log" failed)
    ignored=$((ignored + $(sum "$logs/$name.log" ignored) + $(sum "$logs/$name.log" skipped)))
    if [ "$code" -ne 0 ]; then
        # One that broke without a count has failed once.
        if [ "$bad" -eq 0 ]; then bad=1; fi
        broken+=("$name")
        echo "-- $name failed; the end of $logs/$name.log:"
        tail -n 80 "$logs/$name.log"
    elif [ "$good" -eq 0 ] && [ "$without" -eq 0 ]; then
        # One that counts nothing is one check.
        good=1
    fi
    if [ $((good + bad)) -gt 0 ]; then ran+=("$name ($((SECONDS - began)) s)"); fi
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + without))
}

# skips FILE all|tests: how much did not run. A test that says SKIP counts once (cargo has counted it as passed), and so does a line outside
# of any test.
skips() {
    awk -v which="$2" '
        /^---- .* stdout ----$/ { test = $2 }
        /^(successes|failures):$/ || /^ +Running / { test = "" }
        /^SKIP [^:]+: ./ && (test != "" || which == "all") { seen[test == "" ? $0 : test] }
        END { for (i in seen) n++; print n + 0 }' "$1"
}

# sum FILE WORD: adds the numbers in front of WORD in the summaries of cargo ("test result: …") and of Playwright ("  3 passed").
sum() {
    awk -v word="$2" '
        /^test result:/ || /^ +[0-9]+ (passed|failed|skipped|flaky)/ {
            gsub(/[;.,]/, " ")
            for (i = 2; i <= NF; i++) if ($i == word) n += $(i - 1)
        }
        END { print n + 0 }' "$1"
}

step format cargo fmt --all --check
# Clippy is the compiler, with more to say. So the tests are built by it, and nothing is compiled twice; how that is asked for is between cargo and clippy,
# and that clippy says more is looked at first.
export RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__
bites() {
    local said
    said=$(echo 'pub fn f(a: u8) -> u8 { return a; }' | clippy-driver rustc --crate-type lib --emit metadata --out-dir "$logs" - 2>&1)
    [[ $said == *'implied by `-D warnings`'* ]] || { echo "$said"; return 1; }
}
step clippy bites
step lints cargo test --workspace --all-targets --locked --no-run
# Twice as many at a time as there are processors: many a test waits for a server or a moment.
step tests env RUST_TEST_THREADS=$((2 * $(nproc))) cargo test --workspace --locked --no-fail-fast -- --show-output
# The program that the tests had built: another choice of packages is another choice of features, and everything would be built once more.
step browser env KEYWARD_BIN="${CARGO_TARGET_DIR:-$PWD/target}/debug/keyward" scripts/e2e.sh
step traces cargo test --workspace --locked --features keyward/otlp --test ops eco_13 -- --show-output

reasons=$(grep -ahE '^SKIP [^:]+: .' "$logs"/*.log | sort -u)
skipped=$((skipped + ignored))

echo
echo "ran: ${ran[*]}"
if [ ${#broken[@]} -gt 0 ]; then
    echo "failed: ${broken[*]}"
    sed -n 's/^test \(.*\) \.\.\. FAILED$/  \1/p' "$logs"/*.log
fi
if [ "$skipped" -gt 0 ]; then
    echo "skipped:"
    printf '%s\n' "$reasons" | sed -n 's/^SKIP /  /p'
    if [ "$ignored" -gt 0 ]; then echo "  $ignored tests that say so themselves"; fi
    if [ "${KEYWARD_REQUIRE_REAL:-}" = 1 ]; then echo "here nothing may be skipped (KEYWARD_REQUIRE_REAL=1): this run has failed"; fi
else
    echo "skipped: nothing"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ ${#broken[@]} -eq 0 ] && { [ "$skipped" -eq 0 ] || [ "${KEYWARD_REQUIRE_REAL:-}" != 1 ]; }
