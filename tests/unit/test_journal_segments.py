"""The files of a log, packed or not: `tools.live.journal.segments`."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.prop import chance
from tools.live.journal import segments
from tools.live.journal.segments import (
    PACKED, PackDamaged, Segment, list_segments, pack, read_blocks, segment_path, unpacked_blocks,
)  # fmt: skip

PACKED_ONE = Segment(0, True)


def disk_with(**files: bytes) -> SimDisk:
    disk = SimDisk()
    disk.make_folder("segments")
    for name, data in files.items():
        disk.put(f"segments/{name}", data)
    return disk


def packed(data: bytes) -> SimDisk:
    disk = disk_with()
    disk.put(PACKED_ONE.path, data)
    return disk


def read(disk: SimDisk, offset: int = 0) -> bytes:
    return b"".join(read_blocks(disk, PACKED_ONE, offset))


def test_segments_are_named_by_their_first_seq() -> None:
    assert Segment(17, False).path == "segments/00000000000000000017.jsonl"
    assert Segment(17, True).path == "segments/00000000000000000017.jsonl.gz"


def test_the_plain_form_counts_and_other_names_do_not() -> None:
    names = ["0" * 20 + ".jsonl", "0" * 20 + ".jsonl.gz", f"{5:020d}.jsonl.gz", f"{9:020d}.jsonl",
             f"{9:020d}.idx", f"{5:020d}.jsonl.gz.tmp", "5.jsonl", "notes.txt",
             "\u0661" * 20 + ".jsonl"]  # fmt: skip
    disk = disk_with(**dict.fromkeys(names, b"x"))
    assert list_segments(disk) == [Segment(0, False), Segment(5, True), Segment(9, False)]
    assert list_segments(SimDisk()) == []


@pytest.mark.parametrize("seed", range(8))
def test_packed_bytes_come_back_from_any_offset(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = chance(seed)
    monkeypatch.setattr(segments, "BLOCK_BYTES", rng.choice((7, 64, 1000)))
    plain = b"".join(b"%d," % rng.randrange(10 ** rng.randint(1, 9)) for _ in range(900))
    blocks = iter([plain[:11], b"", plain[11:]])
    disk = packed(b"".join(pack(blocks)))
    for offset in (0, 1, 7, 63, 64, 65, len(plain) - 1, len(plain), len(plain) + 9):
        assert read(disk, offset) == plain[offset:]
    disk.put(segment_path(0), plain)
    assert b"".join(read_blocks(disk, Segment(0, False), 65)) == plain[65:]


def test_equal_bytes_pack_equally_and_any_gzip_reads_them() -> None:
    def blocks() -> Iterator[bytes]:
        yield b"line\n" * 50

    data = b"".join(pack(blocks()))
    assert data == b"".join(pack(blocks()))
    assert data[4:8] == b"\0\0\0\0"  # no time
    assert gzip.decompress(data) == b"line\n" * 50


GOOD = b"".join(pack(iter([b"line\n" * 50])))


def test_a_turned_bit_is_seen_or_changes_nothing() -> None:
    """Some bits mean nothing, such as the time in the header; what is read is never another."""
    unseen = 0
    for bit in range(len(GOOD) * 8):
        disk = packed(GOOD)
        disk.flip(PACKED_ONE.path, bit)
        try:
            assert read(disk) == b"line\n" * 50
            unseen += 1
        except PackDamaged:
            pass
    assert unseen < 60


def test_a_packed_segment_that_was_cut_is_damaged() -> None:
    for length in range(len(GOOD)):
        with pytest.raises(PackDamaged, match="ends early"):
            read(packed(GOOD[:length]))


@pytest.mark.parametrize("more", [b"\0", b"x", GOOD, b"\0" * 600_000])
def test_nothing_may_follow_the_packed_data(more: bytes) -> None:
    with pytest.raises(PackDamaged, match="behind its end"):
        read(packed(GOOD + more))


def test_bytes_in_a_later_block_follow_the_packed_data_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "BLOCK_BYTES", len(GOOD))
    with pytest.raises(PackDamaged, match="behind its end"):
        read(packed(GOOD + b"x"))


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MAX_SEGMENT_BYTES", 1_000_000)
    bomb = zlib.compress(b"\n" * 50_000_000, 9, 31)
    assert len(bomb) < 50_000
    seen = 0
    with pytest.raises(PackDamaged, match="more than 1000000 bytes"):
        for block in unpacked_blocks(packed(bomb), segment_path(0, PACKED)):
            seen += len(block)
    assert seen <= 1_000_000
