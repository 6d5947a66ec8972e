#!/usr/bin/env python3
"""Takes out one defense after another and runs the test that should notice.

Each table in mutants/*.toml is one mutant: a text that stands exactly once in a file, what is put in its place, and the arguments of the
`cargo test` that has to fail then. It works on a copy of the checkout below target/mutants/ and never touches the checkout itself. A mutant is
killed when a test fails, or when it does not compile: then the compiler is the defense. One that survives is a defense that nothing proves.
Tests that pass without the mutant are a condition, and so is that at least one ran.
"""

import argparse
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "mutants"
TREE = WORK / "tree"
# A test that hangs without its defense has noticed, too.
LIMIT_S = 600


def table(only):
    """Every mutant of which something contains one of the words in `only`: its table, row, description, file or test."""
    found = []
    for path in sorted((ROOT / "mutants").glob("*.toml")):
        for mutant in tomllib.loads(path.read_text())["mutant"]:
            mutant["table"] = path.stem
            words = f"{path.stem}: {mutant['row']}: {mutant['what']} {mutant['file']} {mutant['test']}"
            if not only or any(word in words for word in only):
                found.append(mutant)
    return found


def copy():
    """The tracked files as they are in the checkout; a file that did not change keeps its time, so that little is built again."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    wanted = {name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()}
    for name in wanted:
        source, target = ROOT / name, TREE / name
        data = source.read_bytes()
        if not target.exists() or target.read_bytes() != data:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            target.chmod(source.stat().st_mode)
    for path in [p for p in TREE.rglob("*") if p.is_file()]:
        if str(path.relative_to(TREE)) not in wanted:
            path.unlink()


def cargo(args):
    """Runs `cargo test` in the copy. Returns (how it ended, its output): passed, failed, does not compile, no test."""
    environment = os.environ | {"CARGO_TARGET_DIR": str(WORK / "build"), "CARGO_TERM_COLOR": "never"}
    # A group of its own, so that with cargo the tests end, and what they started.
    with subprocess.Popen(["cargo", "test", "--locked", *shlex.split(args)], cwd=TREE, env=environment, text=True, errors="replace",
                          start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
        try:
            out, _ = run.communicate(timeout=LIMIT_S)
        except BaseException as early:
            os.killpg(run.pid, signal.SIGKILL)
            if isinstance(early, subprocess.TimeoutExpired):
                return "failed", f"no end within {LIMIT_S} s"
            raise
    if run.returncode == 0:
        ran = sum(int(n) for n in re.findall(r"^test result: ok\. (\d+) passed", out, re.M))
        return ("passed" if ran else "no test"), out
    if re.search(r"^running \d+ test", out, re.M):
        return "failed", out
    # The compiler names a place in the code. Whatever else ends before a test is a fault of this machine, and kills no mutant.
    if re.search(r"^error.*\n +--> ", out, re.M):
        return "does not compile", out
    sys.exit(f"{out[-4000:]}\n`cargo test {args}` ended with {run.returncode} before any test")


def make(mutant):
    """Puts the mutant into the copy. Returns the file and its text before."""
    path = TREE / mutant["file"]
    text = path.read_text()
    if text.count(mutant["take"]) != 1:
        sys.exit(f"{mutant['row']}: the text to take out stands {text.count(mutant['take'])} times in {mutant['file']}")
    path.write_text(text.replace(mutant["take"], mutant["put"]))
    return path, text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("only", nargs="*", help="words: only mutants whose table (`core:`), row, description, file or test contains one")
    parser.add_argument("--list", action="store_true", help="say which there are, and do nothing")
    args = parser.parse_args()
    mutants = table(args.only)
    if args.list:
        for mutant in mutants:
            print(f"{mutant['table']}: {mutant['row']}: {mutant['what']}")
        print(f"{len(mutants)} mutants")
        return
    if not mutants:
        sys.exit("no mutant is called that")
    copy()
    for test in sorted({mutant["test"] for mutant in mutants}):
        how, out = cargo(test)
        if how != "passed":
            print(out[-4000:])
            sys.exit(f"without any mutant `cargo test {test}` ends with: {how}")
    survivors, ends = [], {"failed": 0, "does not compile": 0}
    for mutant in mutants:
        path, text = make(mutant)
        began = time.monotonic()
        try:
            how, _ = cargo(mutant["test"])
        finally:
            path.write_text(text)
        if how in ends:
            ends[how] += 1
        else:
            survivors.append(mutant)
        word = {"failed": "killed", "does not compile": "killed by the compiler"}.get(how, "SURVIVED")
        print(f"{word:22} {mutant['row']}: {mutant['what']} ({time.monotonic() - began:.0f} s)", flush=True)
    print(f"FIGURE mutants: {len(mutants)} made, {ends['failed']} killed by a test, {ends['does not compile']} by the compiler, "
          f"{len(survivors)} survived")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
