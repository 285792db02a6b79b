"""The model log's bytes: chained lines, the watermark's slots, sealed side files, whole writes."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from tools.live.journal.disk import Disk

START = hashlib.sha256(b"log-v1\0model").digest()
SLOT = 128

Line = dict[str, Any]


class Mark(NamedTuple):
    """The watermark: a record known to be durable, the chain's hash there, the slot it is in."""

    seq: int
    head: bytes
    slot: int


def lines_of(data: bytes) -> list[bytes]:
    """Lines with their ends; only a line feed ends one."""
    found = [line + b"\n" for line in data.split(b"\n")]
    found[-1] = found[-1][:-1]
    return found if found[-1] else found[:-1]


def chained(before: bytes, body: bytes) -> bytes:
    return hashlib.sha256(before + body).digest()


def joined(head: bytes, line: Line) -> tuple[bytes, bytes]:
    """The chain's next hash, and the line's bytes."""
    body = json.dumps(line, sort_keys=True, separators=(",", ":")).encode()
    head = chained(head, body)
    return head, b'{"h":"%s","r":%s}\n' % (head.hex().encode(), body)


def split(line: bytes) -> tuple[bytes, bytes] | None:
    """The stored hash and the body of a line, by fixed places; None when it has another shape."""
    if line[:6] != b'{"h":"' or line[70:76] != b'","r":' or line[-2:] != b"}\n":
        return None
    try:
        head = bytes.fromhex(line[6:70].decode())
    except ValueError:
        return None
    # Upper case would read as the same hash: two spellings of one log.
    return (head, line[76:-2]) if head.hex().encode() == line[6:70] else None


def slot_of(seq: int, head: bytes) -> bytes:
    text = f"{seq:020d} {head.hex()} "
    return (text + hashlib.sha256(text.encode()).hexdigest()[:16]).encode().ljust(SLOT)


def newest_mark(raw: bytes) -> Mark | None:
    """The newest whole slot, if any is whole."""
    found = []
    for slot in (0, 1):
        text, _, sha = raw[slot * SLOT : slot * SLOT + SLOT].rstrip().rpartition(b" ")
        if hashlib.sha256(text + b" ").hexdigest()[:16].encode() == sha:
            found.append(Mark(int(text[:20]), bytes.fromhex(text[21:85].decode()), slot))
    return max(found) if found else None


def sealed(value: Line) -> bytes:
    text = json.dumps(value, sort_keys=True)
    return json.dumps({"is": text, "sha": hashlib.sha256(text.encode()).hexdigest()}).encode()


def unsealed(data: bytes) -> Line | None:
    """What was sealed, or None when any byte of it is another."""
    try:
        outer = json.loads(data)
        text = outer["is"]
        whole = hashlib.sha256(text.encode()).hexdigest() == outer["sha"]
        return dict(json.loads(text)) if whole else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def copied(value: Line) -> Line:
    return dict(json.loads(json.dumps(value)))


def put(disk: Disk, handle: int, data: bytes) -> None:
    while data:
        data = data[disk.write(handle, data) :]


def put_at(disk: Disk, handle: int, data: bytes, offset: int) -> None:
    while data:
        done = disk.write_at(handle, data, offset)
        data, offset = data[done:], offset + done


def put_whole(disk: Disk, path: str, data: bytes, *, sync: bool = True) -> None:
    """A file that is there whole or not at all; a cache need not be synced."""
    handle = disk.create(f"{path}.tmp")
    put(disk, handle, data)
    if sync:
        disk.sync(handle)
    disk.close(handle)
    disk.rename(f"{path}.tmp", path)
    if sync:
        disk.sync_folder(path.rpartition("/")[0])
