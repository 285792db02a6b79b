"""Lines come many at once, numbered, and none that cannot be one."""

from __future__ import annotations

import pytest

from tests.unit.prop import chance
from tools.live.core.errors import ContractError
from tools.live.market.importers import lines as module
from tools.live.market.importers.lines import Lines, wrong


def all_of(*blocks: bytes) -> list[bytes]:
    return [line for batch in Lines(blocks).batches() for line in batch]


@pytest.mark.parametrize("seed", range(30))
def test_however_it_arrives_a_text_has_the_same_lines(seed: int) -> None:
    random = chance(seed)
    text = b"".join(random.choice((b"ab", b"\n", b"c", b"\r\n", b"\n\n")) for _ in range(60))
    blocks, left = [], text
    while left:
        size = random.randrange(1, 9)
        blocks.append(left[:size])
        left = left[size:]
    expected = text.split(b"\n")
    expected = expected if expected[-1] else expected[:-1]
    lines = Lines(blocks)
    found = []
    for batch in lines.batches():
        found += batch
        assert lines.number == len(found)
    assert found == [line.removesuffix(b"\r") for line in expected]


def test_line_ends_of_either_kind_are_taken_off() -> None:
    assert all_of(b"a\r\nb\nc\r\n") == [b"a", b"b", b"c"]
    assert all_of(b"a\nb\r") == [b"a", b"b"]
    assert all_of(b"a\r", b"\nb") == [b"a", b"b"]


def test_a_last_line_needs_no_end_and_an_end_makes_no_line() -> None:
    assert all_of(b"a\nb") == [b"a", b"b"]
    assert all_of(b"a\n") == [b"a"]
    assert all_of() == []
    assert all_of(b"\n\n") == [b"", b""]


def test_a_byte_order_mark_is_refused_however_it_arrives() -> None:
    for blocks in ((b"\xef\xbb\xbfa\n",), (b"\xef", b"\xbb", b"\xbfa\n")):
        with pytest.raises(ContractError, match="byte order mark at line 1; save the file without"):
            all_of(*blocks)
    assert all_of(b"a\n\xef\xbb\xbf\n") == [b"a", b"\xef\xbb\xbf"]


def test_a_nul_byte_is_refused_with_its_line() -> None:
    for blocks in ((b"a\nb\nc\0d\n",), (b"a\nb\n", b"c", b"\0")):
        with pytest.raises(ContractError, match="a NUL byte at line 3; save the file as plain"):
            all_of(*blocks)


def test_a_line_that_is_too_long_is_refused_with_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_LINE", 10)
    assert all_of(b"0123456789\n") == [b"0123456789"]
    for blocks in ((b"a\n", b"01234567", b"890\n"), (b"a\n0123456789x",)):
        with pytest.raises(ContractError, match="more than 10 bytes at line 2; write one message"):
            all_of(*blocks)


def test_a_reader_can_be_handed_blocks() -> None:
    lines = Lines()
    assert lines.add(b"a\nb") == [b"a"] and lines.number == 1
    assert lines.add(b"c") == [] and lines.number == 1
    assert lines.rest() == [b"bc"] and lines.number == 2
    assert lines.rest() == [] and lines.number == 2


def test_advice_is_given_where_none_was() -> None:
    assert str(wrong("odd", 7)) == "odd at line 7; correct the line"
    assert str(wrong("odd; do so", 7)) == "odd at line 7; do so"
