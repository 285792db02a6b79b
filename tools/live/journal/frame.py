"""One record as one line: `{"h":"<64 hex>","r":<R>}`, each hash covering all that came before.

`R` is canonical JSON with the keys b, cause, corr, id, p, q, src, topic, ts, v in this order.
Reading takes bytes at fixed offsets; a line is never written again in order to check it.

    h = SHA256(raw h of the line before + bytes of R), and before the first line genesis(log_id)
"""

from __future__ import annotations

import re
from binascii import hexlify
from collections.abc import Sequence
from hashlib import sha256

from ..core.errors import ContractError, InvariantBroken

VERSION = 1
MAX_LINE_BYTES = 1024 * 1024
RECORD_START = 76
FRAME_BYTES = RECORD_START + len("}\n")  # what a line has beside its record

SYSTEM = "system.log"
CREATED = "system.log.created"
RECOVERED = "system.log.recovered"
CLOSED = "system.log.closed"
TRIMMED = "system.log.trimmed"
REPAIRED = "system.log.repaired"
RESUMED = "system.log.resumed"

_NAME = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"
_NUMBER = r"(0|[1-9][0-9]{0,18})"

_is_name = re.compile(_NAME, re.ASCII).fullmatch

# The payload is whatever stands between the two halves. The second half holds no bracket and no
# quote that could belong to a payload, so its last occurrence is the only one at the top level.
first_half = re.compile(
    r'\{"h":"[0-9a-f]{64}","r":'
    rf'\{{"b":{_NUMBER},"cause":{_NUMBER},"corr":{_NUMBER},"id":"{_NUMBER}","p":'.encode()
).match
second_half = re.compile(
    rf',"q":{_NUMBER},"src":"({_NAME})","topic":"({_NAME})","ts":{_NUMBER},"v":{VERSION}\}}\}}'
    .encode()
).fullmatch  # fmt: skip
SECOND_HALF_START = b',"q":'

_framed = re.compile(rb'\{"h":"[0-9a-f]{64}","r":\{.*\}\}', re.DOTALL).fullmatch
_version = re.compile(rb'.*,"v":([0-9]{1,9})\}\}', re.DOTALL).fullmatch
_base = re.compile(rb'\{"b":([0-9]{1,19}),').match


def genesis(log_id: str) -> bytes:
    """What the first line is chained to: no line of one log fits into another."""
    return sha256(b"log-v1\0" + log_id.encode()).digest()


def check_name(name: str, what: str) -> str:
    """The name itself; a ContractError when it is no plain word of at most 64 characters."""
    if not _is_name(name):
        raise ContractError(f"{what} {name!r:.80} is not of letters, digits and ._:- (1 to 64)")
    return name


def record_text(
    *, base: int, cause: int, corr: int, sseq: int, payload: str, seq: int, src: str, topic: str,
    ts: int,
) -> str:  # fmt: skip
    """`R` for a payload that is canonical JSON already."""
    return (
        f'{{"b":{base},"cause":{cause},"corr":{corr},"id":"{sseq}","p":{payload},"q":{seq}'
        f',"src":"{src}","topic":"{topic}","ts":{ts},"v":{VERSION}}}'
    )


def system_record(*, topic: str, payload: str, base: int, seq: int, ts: int) -> bytes:
    """A record of the log about itself; its seq is its id, so it is never taken for a repeat."""
    return record_text(
        base=base, cause=0, corr=0, sseq=seq, payload=payload, seq=seq, src=SYSTEM, topic=topic,
        ts=ts,
    ).encode("ascii")  # fmt: skip


def frame_lines(head: bytes, records: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The lines of some records, chained to `head`, and the new head."""
    lines = []
    for record in records:
        head = sha256(head + record).digest()
        lines.append(b'{"h":"%b","r":%b}\n' % (hexlify(head), record))
    return b"".join(lines), head


def is_chained(head: bytes, line: bytes) -> bool:
    """Whether a line without its newline follows `head` in the chain."""
    return line[6:70] == hexlify(sha256(head + line[RECORD_START:-1]).digest())


def stored_hash(line: bytes) -> bytes | None:
    """The raw hash that a whole line states; None when it is no line of a log."""
    return bytes.fromhex(line[6:70].decode("ascii")) if _framed(line) else None


def stored_base(line: bytes) -> int:
    """The batch base of a line; -1 when it states none."""
    match = _base(line, RECORD_START)
    return int(match[1]) if match else -1


def with_base(record: bytes, base: int) -> bytes:
    """The same record in a later batch."""
    match = _base(record)
    if match is None:
        raise InvariantBroken(f"a record begins with {record[:20]!r}, not with its batch base")
    return b'{"b":%d,%b' % (base, record[match.end() :])


def time_of(line: bytes) -> int:
    """The time of a line with its newline; InvariantBroken when it does not end as one does."""
    match = second_half(line, line.rfind(SECOND_HALF_START), len(line) - 1)
    if match is None:
        raise InvariantBroken(f"a line ends in {line[-60:]!r}; nothing of its batch was written")
    return int(match[4])


def newer_version(line: bytes) -> int | None:
    """The version of a whole line that a later program wrote; None for anything else."""
    match = _version(line)
    return int(match[1]) if match and int(match[1]) > VERSION else None
