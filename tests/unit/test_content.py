"""What is in a file is told by its first bytes, and unpacked strictly, a block at a time."""

from __future__ import annotations

import gzip
import hashlib
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from tests.unit.market_files import written, zipped
from tools.live.core.errors import ContractError
from tools.live.market.importers.content import BLOCK_BYTES, Content

LINES = b"".join(b"%d,%d\n" % (n, n * n) for n in range(40_000))


def read(path: Path) -> bytes:
    return b"".join(Content(str(path), "PATH").blocks())


def complaint(path: Path) -> str:
    with pytest.raises(ContractError) as caught:
        read(path)
    return str(caught.value)


@pytest.mark.parametrize("packed", [
    LINES, gzip.compress(LINES), zipped(("a.csv", LINES)),
    zipped(("a.csv", LINES), how=zipfile.ZIP_STORED),
], ids=["plain", "gzip", "deflated", "stored"])  # fmt: skip
def test_however_a_file_is_packed_its_content_is_the_same(tmp_path: Path, packed: bytes) -> None:
    path = written(tmp_path, packed, "whatever.bin")
    content = Content(str(path), "PATH")
    assert b"".join(content.blocks()) == LINES
    assert b"".join(content.blocks()) == LINES  # anew
    assert max(map(len, content.blocks())) <= BLOCK_BYTES
    assert content.sha256() == hashlib.sha256(LINES).hexdigest()
    assert content.start(100) == LINES[:100]
    assert content.start(10 * len(LINES)) == LINES


def test_a_file_that_has_changed_between_two_readings_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, LINES)
    content = Content(str(path), "PATH")
    assert content.start(5) == LINES[:5]  # not yet a whole reading
    path.write_bytes(LINES + b"1\n")
    assert b"".join(content.blocks()) == LINES + b"1\n"
    path.write_bytes(LINES + b"2\n")
    with pytest.raises(ContractError, match="has changed since it was read first; start again"):
        list(content.blocks())


def test_a_gzip_of_several_members_is_read_through(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(b"one\n") + gzip.compress(LINES))
    assert read(path) == b"one\n" + LINES


def test_members_that_begin_where_a_read_ends_are_read_as_well(tmp_path: Path) -> None:
    overhead = len(gzip.compress(bytes(BLOCK_BYTES - 200), 0)) - (BLOCK_BYTES - 200)
    first = gzip.compress(bytes(BLOCK_BYTES - overhead), 0)
    assert len(first) == BLOCK_BYTES
    path = written(tmp_path, first + gzip.compress(b"next\n"))
    assert read(path).endswith(b"\0next\n")


def test_the_name_is_the_files_own_or_that_of_its_zip_member(tmp_path: Path) -> None:
    assert Content(str(written(tmp_path, b"x", "a.csv")), "PATH").name == "a.csv"
    path = written(tmp_path, zipped(("BTCUSDT-trades-2024-08-08.csv", b"x")), "b.zip")
    assert Content(str(path), "PATH").name == "BTCUSDT-trades-2024-08-08.csv"


@pytest.mark.parametrize("cut", [1, 4, 8, 200, 5000])
def test_a_gzip_that_ends_early_is_refused(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path, gzip.compress(LINES)[:-cut])
    assert complaint(path) == f"PATH {str(path)!r} is gzip that ends early; get it again"


def test_a_gzip_with_a_wrong_sum_or_junk_behind_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(LINES)
    wrong = whole[:-8] + bytes(4) + whole[-4:]
    assert "gzip that does not unpack" in complaint(written(tmp_path, wrong))
    assert "gzip that does not unpack" in complaint(written(tmp_path, whole + b"junk"))


def test_a_zip_of_none_or_several_members_is_refused(tmp_path: Path) -> None:
    assert "a zip of 0 members; give one with one file" in complaint(written(tmp_path, zipped()))
    both = zipped(("a.csv", b"1"), ("b.csv", b"2"))
    assert "a zip of 2 members; give one with one file" in complaint(written(tmp_path, both))


@pytest.mark.parametrize("name", ["../a.csv", "/etc/passwd", "a/b.csv", "..\\a", "folder/", "é"])
def test_a_member_whose_name_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    said = complaint(written(tmp_path, zipped((name, b"x"))))
    assert "a zip with a member" in said and said.endswith("; give one with a plain name")


def test_an_encrypted_or_unusually_packed_zip_is_refused(tmp_path: Path) -> None:
    locked = bytearray(zipped(("a.csv", LINES)))
    for start in (b"PK\x03\x04", b"PK\x01\x02"):
        locked[locked.index(start) + (6 if start == b"PK\x03\x04" else 8)] |= 1
    assert "an encrypted zip; unpack it first" in complaint(written(tmp_path, bytes(locked)))
    other = zipped(("a.csv", LINES), how=zipfile.ZIP_BZIP2)
    assert "packed in an unusual way; unpack it first" in complaint(written(tmp_path, other))


def test_a_zip_that_is_cut_or_damaged_is_refused(tmp_path: Path) -> None:
    whole = zipped(("a.csv", LINES))
    assert "a zip that cannot be read" in complaint(written(tmp_path, whole[:-30]))
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    assert "a zip that does not unpack" in complaint(written(tmp_path, bytes(damaged)))


def test_a_zip_with_more_in_it_than_it_declares_is_refused(tmp_path: Path) -> None:
    """The declared size bounds what is unpacked, and the sum of it is then wrong."""
    whole = bytearray(zipped(("a.csv", LINES)))
    place = whole.index(b"PK\x01\x02") + 24
    whole[place : place + 4] = (1000).to_bytes(4, "little")
    assert "a zip that does not unpack" in complaint(written(tmp_path, bytes(whole)))


def test_a_zip_with_less_in_it_than_it_declares_is_refused(tmp_path: Path) -> None:
    whole = bytearray(zipped(("a.csv", LINES)))
    place = whole.index(b"PK\x01\x02") + 24
    whole[place : place + 4] = (len(LINES) + 5).to_bytes(4, "little")
    said = complaint(written(tmp_path, bytes(whole)))
    assert f"a zip of {len(LINES)} bytes that declares {len(LINES) + 5}; get it again" in said


@pytest.mark.usefixtures("untraced")
def test_a_file_that_unpacks_to_a_thousand_times_its_size_takes_no_more_memory(
    tmp_path: Path,
) -> None:
    huge = bytes(64 * 1024 * 1024)
    for packed in (gzip.compress(huge), zipped(("a", huge))):
        content = Content(str(written(tmp_path, packed)), "PATH")
        tracemalloc.start()
        size = sum(map(len, content.blocks()))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert size == len(huge) and peak < 8 * BLOCK_BYTES


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    assert "cannot be opened" in complaint(tmp_path / "nothing")
    assert "is no plain file" in complaint(tmp_path)


def test_what_is_wrong_with_a_zip_is_told_in_a_few_words(tmp_path: Path) -> None:
    whole = bytearray(zipped(("a" * 150, LINES)))
    whole[30:180] = bytes(range(128, 230)) + bytes(48)
    said = complaint(written(tmp_path, bytes(whole)))
    assert "a zip that does not unpack (File name in directory" in said and said.isprintable()
    assert len(said) < len(str(tmp_path)) + 200
