"""P3: corruption is never accepted nor silently cut, and is located to its line.

A line is checked with nothing but the hash and the seq before it, so a flip in it is tried from
there on; that the whole log gives the same verdict is shown for one flip of every line.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.journal_builders import (
    FIRST, LOG_ID, a_log, drop_mark, edit, events, lines_of, opened, without_locks,
)  # fmt: skip
from tests.unit.prop import chance
from tools.live.journal.errors import IntegrityRefused
from tools.live.journal.frame import genesis
from tools.live.journal.reader import verify
from tools.live.journal.walk import Walk

BATCHES = (1, 2, 3, 4) * 20
RECORDS = 200 + 1  # the log's own first record, too
LAST_BATCH = RECORDS - 4


@pytest.fixture(scope="module")
def whole() -> bytes:
    disk = a_log(BATCHES)
    data = disk.image()[FIRST]
    assert data.count(b"\n") == RECORDS
    return data


@pytest.fixture
def disk() -> SimDisk:
    return a_log(BATCHES)


def refusal(disk: SimDisk) -> IntegrityRefused:
    """The refusal to open this log, which changes nothing and is what `verify` says as well."""
    before = without_locks(disk)
    with pytest.raises(IntegrityRefused) as refused:
        opened(disk)
    with pytest.raises(IntegrityRefused, match=f"seq {refused.value.seq}"):
        verify(disk)
    assert without_locks(disk) == before
    return refused.value


@pytest.mark.usefixtures("untraced")
def test_p03_every_single_bit_flip_is_found_in_its_line(whole: bytes) -> None:
    lines = whole.splitlines(keepends=True)
    head, offset = genesis(LOG_ID), 0
    for seq, line in enumerate(lines):
        behind = lines[seq + 1][:80] if seq + 1 < RECORDS else b""
        for place in range(len(line)):
            for bit in range(8):
                flipped = bytearray(line)
                flipped[place] ^= 1 << bit
                walk = Walk("f", [bytes(flipped) + behind], head=head, seq=seq, offset=offset)
                assert not [rows for rows in walk.rows() if rows], (seq, place, bit)
                assert walk.bad is not None and walk.bad[2:4] == (offset, seq)
        head = bytes.fromhex(line[6:70].decode())
        offset += len(line)


def test_p03_a_flip_in_any_line_is_refused_with_its_place(disk: SimDisk) -> None:
    rng, lines, offset = chance(7), lines_of(disk), 0
    for seq, line in enumerate(lines):
        bit = 8 * offset + rng.randrange(8 * len(line))
        disk.flip(FIRST, bit)
        refused = refusal(disk)
        assert (refused.path, refused.offset, refused.seq) == (FIRST, offset, seq)
        disk.flip(FIRST, bit)
        offset += len(line)
    opened(disk)


def test_p03_without_a_mark_a_flip_before_the_last_batch_is_still_refused(disk: SimDisk) -> None:
    drop_mark(disk)
    rng, lines, offset = chance(8), lines_of(disk), 0
    # Two lines of a later batch must fit together: a batch of one with nothing behind cannot.
    for seq, line in enumerate(lines[:LAST_BATCH]):
        bit = 8 * offset + rng.randrange(8 * len(line) - 8)
        disk.flip(FIRST, bit)
        assert refusal(disk).seq == seq
        disk.flip(FIRST, bit)
        offset += len(line)


Change = Callable[[list[bytes], int], list[bytes]]
CHANGES: dict[str, Change] = {
    "swap": lambda lines, n: [*lines[:n], lines[n + 1], lines[n], *lines[n + 2 :]],
    "delete": lambda lines, n: [*lines[:n], *lines[n + 1 :]],
    "insert": lambda lines, n: [*lines[:n], lines[n - 1], *lines[n:]],
    "insert noise": lambda lines, n: [*lines[:n], b"noise\n", *lines[n:]],
    "empty line": lambda lines, n: [*lines[:n], b"\n", *lines[n:]],
    "zeros": lambda lines, n: [*lines[:n], b"\0" * len(lines[n]), *lines[n + 1 :]],
}


@pytest.mark.parametrize("name", CHANGES)
def test_p03_changed_lines_are_found_where_they_are(disk: SimDisk, name: str) -> None:
    lines = lines_of(disk)
    for place in range(1, RECORDS - 1, 7):
        edit(disk, b"".join(CHANGES[name](lines, place)))
        refused = refusal(disk)
        assert (refused.seq, refused.offset) == (place, len(b"".join(lines[:place])))


@pytest.mark.usefixtures("untraced")
def test_p03_a_durable_log_that_is_cut_anywhere_is_refused(disk: SimDisk) -> None:
    lines, whole = lines_of(disk), disk.image()[FIRST]
    for length in range(0, len(whole), 97):
        edit(disk, whole[:length])
        seq = whole[:length].count(b"\n")
        assert (refusal(disk).seq, refusal(disk).offset) == (seq, len(b"".join(lines[:seq])))
    seq = len(lines) - 1
    edit(disk, b"".join(lines[:seq]))
    assert "the end of the log, but seq 200 was durable" in refusal(disk).what
    edit(disk, whole + lines[-1])
    assert events(disk) == list(range(1, 201))  # Nobody was told of what follows: it is torn.
    opened(disk)


@pytest.mark.usefixtures("untraced")
def test_p02_an_unmarked_log_that_is_cut_in_its_last_batch_is_mended() -> None:
    disk = drop_mark(a_log(BATCHES[:7]))
    whole = disk.image()[FIRST]
    lines = lines_of(disk)
    start = len(b"".join(lines[:-3]))
    for length in range(start, len(whole)):
        torn = drop_mark(edit(disk.clone(), whole[:length]))
        opened(torn).close(0)
        kept = whole[:length].count(b"\n") - 1
        assert events(torn) == list(range(1, kept + 1))
        torn_bytes = length - len(b"".join(lines[: kept + 1]))
        assert torn_bytes == sum(len(d) for p, d in torn.image().items() if p.startswith("torn/"))
