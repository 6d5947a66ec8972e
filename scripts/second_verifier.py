#!/usr/bin/env python3
"""A second verifier for what Keyward publishes, in another language and with nothing but the standard library.

Written from RFC 6962, RFC 8032, the C2SP texts tlog-tiles, tlog-checkpoint and signed-note, docs/events.md and docs/bundle.md.
It shares no line with Keyward. It does not fold a case through its steps and does not ask policies: docs/bundle.md says what is left.

  second_verifier.py log FOLDER KEY [CHECKPOINT...]   a copy of a whole log; it has to go on from the checkpoints that were kept
  second_verifier.py bundle FILE [KEY]                the evidence of one case
  second_verifier.py note FILE KEY                    a signed note
  second_verifier.py copy URL FOLDER                  makes a copy of a log that is served: URL is .../log
  second_verifier.py many                             lines of `WHAT<tab>PATH<tab>KEY...` from standard input, an answer for each

Ends with 0 if it holds and with 4 if not.
"""

import base64
import functools
import hashlib
import json
import pathlib
import sys
import urllib.request


class Refused(Exception):
    """Why something is not believed; `first` is the first entry that is wrong, where one can be named."""

    def __init__(self, why, first=None):
        super().__init__(why)
        self.first = first


def demand(holds, why, first=None):
    if not holds:
        raise Refused(why, first)


# Ed25519, RFC 8032, 5.1: plain and slow.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


BASE_Y = 4 * pow(5, -1, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    sum_ = (0, 1, 1, 0)
    while number:
        if number & 1:
            sum_ = add(sum_, point)
        point, number = add(point, point), number >> 1
    return sum_


def decoded(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


@functools.cache
def ed25519_holds(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r, s = decoded(public), decoded(signature[:32]), int.from_bytes(signature[32:], "little")
    if None in (key, r) or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = times(s, BASE), add(r, times(k, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# Signed notes and checkpoints, C2SP.


def base64_bytes(text, what):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        raise Refused(f"{what} is not base64") from None
    demand(base64.b64encode(data).decode() == text, f"{what} is not base64 in its one form")
    return data


def check_name(name):
    demand(name and "+" not in name and not any(c.isspace() or c < " " for c in name), "a key name is not one")


class Key:
    """A verifier key: `name+id+base64(type, public key)`."""

    def __init__(self, text):
        parts = text.split("+", 2)
        demand(len(parts) == 3, "the key is not a verifier key")
        self.text, self.name = text, parts[0]
        check_name(self.name)
        data = base64_bytes(parts[2], "the key")
        demand(len(data) == 33 and data[0] == 1, "the key is not an Ed25519 key")
        self.id = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        self.public = data[1:]
        demand(parts[1] == self.id.hex(), "the id of the key is not its own")


def open_note(data, key):
    """The text of a note if `key` has signed it, and how many signatures it has."""
    demand(len(data) <= 1_000_000, "the note is too long")
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("the note is not in UTF-8") from None
    text, parted, lines = note.rpartition("\n\n")
    demand(parted and lines.endswith("\n"), "the note has no signatures")
    text += "\n"
    demand(not any(c < " " and c != "\n" for c in text), "the note has a control character")
    lines, signed = lines[:-1].split("\n"), False
    demand(len(lines) <= 100, "the note has too many signatures")
    found = []
    for line in lines:
        words = line.split(" ", 2)
        demand(len(words) == 3 and words[0] == "\u2014", "a signature line is not one")
        check_name(words[1])
        data = base64_bytes(words[2], "a signature")
        demand(len(data) > 4, "a signature is too short")
        found.append((words[1], data))
    for name, data in found:
        if name == key.name and data[:4] == key.id:
            demand(ed25519_holds(key.public, text.encode(), data[4:]), "a signature does not hold")
            signed = True
    demand(signed, "the key did not sign the note")
    return text, len(lines)


def number(text, what):
    demand(text.isascii() and text.isdigit() and str(int(text)) == text and int(text) < 2**64, f"{what} is not a number")
    return int(text)


def open_checkpoint(data, key):
    """Size and root of a checkpoint that the log itself has signed."""
    text, _ = open_note(data, key)
    lines = text[:-1].split("\n")
    demand(len(lines) >= 3 and all(lines), "the checkpoint is not one")
    demand(lines[0] == key.name, "the checkpoint is of another log than its key")
    size, root = number(lines[1], "the size"), base64_bytes(lines[2], "the root")
    demand(len(root) == 32, "the root is not a hash")
    demand(size or root == hashlib.sha256().digest(), "an empty log has another root")
    return size, root


# The tree, RFC 6962, 2.1.


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_hash(hashes):
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return node_hash(tree_hash(hashes[:k]), tree_hash(hashes[k:]))


def root_of_path(index, size, leaf, path):
    """Where an inclusion proof leads; no hash may be missing or left over."""
    demand(index < size, "the entry lies behind the checkpoint")
    if size == 1:
        demand(not path, "the proof is too long")
        return leaf
    demand(path, "the proof is too short")
    k = 1 << (size - 1).bit_length() - 1
    if index < k:
        return node_hash(root_of_path(index, k, leaf, path[:-1]), path[-1])
    return node_hash(path[-1], root_of_path(index - k, size - k, leaf, path[:-1]))


# A whole log, C2SP tlog-tiles.


def tile_path(level, index, width):
    digits = f"{index % 1000:03}"
    while index >= 1000:
        index //= 1000
        digits = f"x{index % 1000:03}/{digits}"
    return f"tile/{level}/{digits}" + ("" if width == 256 else f".p/{width}")


def tiles(level, count):
    for index in range((count + 255) // 256):
        width = min(256, count - index * 256)
        yield index * 256, width, tile_path(level, index, width)


def paths(size):
    """Every path that a log of that size publishes."""
    yield from (path for _, _, path in tiles("entries", size))
    level = 0
    while size >> 8 * level:
        yield from (path for _, _, path in tiles(level, size >> 8 * level))
        level += 1


def check_log(folder, key, *kept):
    folder, key = pathlib.Path(folder), Key(key)
    size, root = open_checkpoint((folder / "checkpoint").read_bytes(), key)
    leaves = []
    for first, width, path in tiles("entries", size):
        bundle, hashes = (folder / path).read_bytes(), (folder / path.replace("entries", "0", 1)).read_bytes()
        at = 0
        for i in range(width):
            length = int.from_bytes(bundle[at : at + 2], "big")
            entry = bundle[at + 2 : at + 2 + length]
            whole = at + 2 <= len(bundle) and len(entry) == length
            leaves.append(leaf_hash(entry))
            demand(whole and leaves[-1] == hashes[32 * i : 32 * i + 32], "an entry does not fit its hash", first + i)
            at += 2 + length
        demand(at == len(bundle) and len(hashes) == 32 * width, "a tile is too long", first + width)
    level, below = 1, leaves
    while len(below) >= 256:
        below = [tree_hash(below[i : i + 256]) for i in range(0, len(below) - 255, 256)]
        for first, width, path in tiles(level, len(below)):
            tile = (folder / path).read_bytes()
            for i in range(width):
                wrong = (first + i) * 256**level
                demand(tile[32 * i : 32 * i + 32] == below[first + i], f"{path} does not fit the tile below", wrong)
            demand(len(tile) == 32 * width, f"{path} is too long", (first + width) * 256**level)
        level += 1
    demand(tree_hash(leaves) == root, "the entries are not what was signed")
    for file in kept:
        then, root = open_checkpoint(pathlib.Path(file).read_bytes(), key)
        demand(then <= size, "the log was set back")
        demand(tree_hash(leaves[:then]) == root, "the log is another history than the one that was kept")
    return f"{size} entries"


def copy_log(url, folder):
    folder, checkpoint = pathlib.Path(folder), urllib.request.urlopen(f"{url}/checkpoint").read()
    size = number(checkpoint.decode().split("\n")[1], "the size")
    for path in [*paths(size), "checkpoint"]:  # Last, for it speaks of all the others.
        file = folder / path
        if path != "checkpoint" and file.exists():
            continue  # A tile never changes.
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(f"{file.name}.new")  # Never half a file under its name.
        beside.write_bytes(checkpoint if path == "checkpoint" else urllib.request.urlopen(f"{url}/{path}").read())
        beside.replace(file)
    return f"{size} entries"


# The evidence of one case, docs/bundle.md.

FORMAT = "keyward-evidence@v1"
FIELDS = {"format": str, "case": str, "reference": str, "log_key": str, "checkpoint": str, "entries": list, "policies": list,
          "disclosed": list, "statement": str}
PROVED = {"index": int, "entry": str, "proof": list}
DISCLOSED = {"field": str, "salt": str, "value": str}
COMMITTED = {"opened": ["name", "network", "browser"], "classified": ["account"], "reclassified": ["account"], "noticed": ["address"]}


def check_shape(value, fields, what):
    shaped = isinstance(value, dict) and list(value) == list(fields)
    demand(shaped and all(type(value[name]) is kind for name, kind in fields.items()), f"{what} has another form")


def written(bundle):
    try:
        return (json.dumps(bundle, indent=2, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:
        raise Refused("a text is not one") from None


def parsed(data, what):
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused(f"{what} can not be read") from None


def commitment(value):
    salt = bytes.fromhex(value["salt"]) if len(value["salt"]) == 32 and set(value["salt"]) <= set("0123456789abcdef") else b""
    demand(len(salt) == 16, "a salt is not one")
    parts = [value["field"].encode(), salt, value["value"].encode()]
    return hashlib.sha256(b"keyward commitment v1\n" + b"".join(len(p).to_bytes(8, "big") + p for p in parts)).hexdigest()


def digests_of_policies(value):
    """The `policy` of every verdict, wherever it is in an event."""
    if isinstance(value, dict):
        if isinstance(value.get("verdict"), dict):
            yield value["verdict"]["policy"]
        for inner in value.values():
            yield from digests_of_policies(inner)


def check_bundle(file, key=None):
    data = pathlib.Path(file).read_bytes()
    demand(len(data) <= 16 << 20, "the file is too long")
    bundle = parsed(data, "the file")
    check_shape(bundle, FIELDS, "the file")
    for what, fields in (("entries", PROVED), ("disclosed", DISCLOSED)):
        for part in bundle[what]:
            check_shape(part, fields, what)
    demand(bundle["format"] == FORMAT and written(bundle) == data, "the file is not in its one form")
    demand(key is None or key == bundle["log_key"], "the file is of another log")
    key = Key(bundle["log_key"])
    text, signatures = open_note(bundle["statement"].encode(), key)
    digest = hashlib.sha256(written(bundle | {"statement": ""})).hexdigest()
    demand(signatures == 1 and text == f"{FORMAT}\n{bundle['reference']}\n{digest}\n", "the statement is about another content")
    size, root = open_checkpoint(bundle["checkpoint"].encode(), key)
    events, last = [], -1
    for proved in bundle["entries"]:
        demand(last < proved["index"] < 2**64, "the entries are not in the order of the log")
        last, entry = proved["index"], proved["entry"].encode()
        path = [base64_bytes(hash_, "a hash") for hash_ in proved["proof"]]
        demand(len(entry) < 2**16 and all(len(hash_) == 32 for hash_ in path), "a proof is not one")
        demand(root_of_path(last, size, leaf_hash(entry), path) == root, "an entry is not in the log", last)
        events.append(check_entry(entry, bundle, events))
    demand(events and events[0]["event"].get("reference") == bundle["reference"], "the entries are not those of the case")
    spoken = {event["event"][name] for event in events for name in COMMITTED.get(event["event"]["type"], [])}
    for value in bundle["disclosed"]:
        demand(commitment(value) in spoken, "a personal value is in no entry")
        spoken.remove(commitment(value))
    asked = {digest for event in events for digest in digests_of_policies(event["event"])}
    brought = {hashlib.sha256(text.encode()).hexdigest() for text in bundle["policies"]}
    demand(asked == brought and len(brought) == len(bundle["policies"]), "the policies are not those that were asked")
    return f"{len(events)} entries, {len(spoken)} values withheld"


def check_entry(data, bundle, before):
    entry = parsed(data, "an entry")
    check_shape(entry, {"v": int, "case": str, "seq": int, "at": int, "by": dict, "event": dict}, "an entry")
    demand(json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode() == data, "an entry is not in its one form")
    demand(entry["v"] == 1 and entry["case"] == bundle["case"], "an entry is of another case")
    demand(entry["seq"] == len(before) + 1 and (not before or entry["at"] >= before[-1]["at"]), "the entries have a gap")
    demand((entry["event"].get("type") == "opened") == (not before), "a case begins once")
    return entry


def check_note(file, key):
    open_note(pathlib.Path(file).read_bytes(), Key(key))
    return "signed"


CHECKS = {"log": check_log, "bundle": check_bundle, "note": check_note, "copy": copy_log}


def answer(what, args):
    try:
        return 0, f"holds: {CHECKS[what](*args)}"
    except (Refused, ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError) as error:
        # Whatever can not be read to its end does not hold.
        first = getattr(error, "first", None)
        return 4, f"does not hold: {error}" + ("" if first is None else f" [{first}]")


if __name__ == "__main__":
    if sys.argv[1:] == ["many"]:
        for line in sys.stdin:
            what, *args = line.rstrip("\n").split("\t")
            print(answer(what, args)[1], flush=True)
    elif len(sys.argv) > 2 and sys.argv[1] in CHECKS:
        code, words = answer(sys.argv[1], sys.argv[2:])
        print(words)
        sys.exit(code)
    else:
        sys.exit(__doc__)
