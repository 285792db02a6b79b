"""Every line is held against the chain: `tools.live.journal.walk`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.journal_builders import LOG_ID, by_hand
from tests.unit.prop import chance
from tools.live.journal.frame import MAX_LINE_BYTES, frame_lines, genesis, record_text
from tools.live.journal.segments import PackDamaged
from tools.live.journal.walk import Bad, Fault, Row, Walk, payload_of

GOOD = by_hand(12)
ENDS = [place + 1 for place, byte in enumerate(GOOD) if byte == ord("\n")]


def walked(data: bytes, *, step: int = 0, **start: object) -> tuple[Walk, list[Row]]:
    blocks = [data[i : i + step] for i in range(0, len(data), step)] if step else [data]
    given = {"head": genesis(LOG_ID), "seq": 0, **start}
    walk = Walk("file", blocks, **given)  # type: ignore[arg-type]
    return walk, [row for rows in walk.rows() for row in rows]


def bad_of(data: bytes, **start: object) -> Bad:
    walk, rows = walked(data, **start)
    assert walk.bad is not None
    assert len(rows) == walk.bad.seq == walk.seq and walk.offset == walk.bad.offset
    return walk.bad


@pytest.mark.parametrize("step", [0, 1, 7, 180, 4096])
def test_rows_are_the_same_however_the_bytes_come(step: int) -> None:
    walk, rows = walked(GOOD, step=step)
    assert walk.bad is None and (walk.seq, walk.offset) == (12, len(GOOD))
    assert [row[0] for row in rows] == [0, *ENDS[:-1]]
    assert [payload_of(row) for row in rows] == [b'{"n":"%d"}' % n for n in range(12)]
    assert walk.head == rows[-1][1] and rows[-1][1].hex().encode() == rows[-1][2][6:70]


def test_it_can_begin_in_the_middle() -> None:
    _, rows = walked(GOOD)
    walk, later = walked(GOOD[ENDS[3] :], head=rows[3][1], seq=4, offset=ENDS[3])
    assert walk.bad is None and later == [
        (o, d, line, *m) for (o, d, line, *_), (*_, a, b) in zip(rows[4:], later, strict=True)
        for m in [(a, b)]
    ]  # fmt: skip


def test_without_a_head_the_first_line_is_believed_and_the_others_are_not() -> None:
    walk, rows = walked(GOOD[ENDS[3] :], head=None, seq=4)
    assert walk.bad is None and len(rows) == 8
    first = GOOD[ENDS[3] : ENDS[4]].replace(b'"n":"4"', b'"n":"5"')
    walk, rows = walked(first + GOOD[ENDS[4] :], head=None, seq=4)
    assert walk.bad is None and len(rows) == 8
    walk, rows = walked(first + GOOD[ENDS[5] :], head=None, seq=4)
    assert walk.bad is not None and len(rows) == 1
    walk, rows = walked(b"noise\n" + GOOD, head=None, seq=4)
    assert walk.bad is not None and rows == []


def test_bytes_that_end_within_a_line_are_unfinished() -> None:
    for length in range(len(GOOD)):
        walk, rows = walked(GOOD[:length])
        whole = sum(1 for end in ENDS if end <= length)
        assert len(rows) == whole
        if length in (0, *ENDS):
            assert walk.bad is None
        else:
            place = [0, *ENDS][whole]
            assert walk.bad == (Fault.UNFINISHED, "file", place, whole, "a line without an end")


def test_lines_must_stay_in_their_order() -> None:
    lines = GOOD.splitlines(keepends=True)
    for place in range(11):
        swapped = lines[:place] + [lines[place + 1], lines[place]] + lines[place + 2 :]
        assert bad_of(b"".join(swapped)).seq == place
        assert bad_of(b"".join(lines[:place] + lines[place + 1 :])).seq == place
        twice = lines[: place + 1] + lines[place:]
        assert bad_of(b"".join(twice)).seq == place + 1


@pytest.mark.parametrize("noise", [b"\n", b"\r\n", b"{}\n", b"\0" * 512 + b"\n", b"\xe2\x80\xa8\n"])
def test_noise_between_lines_is_damage(noise: bytes) -> None:
    bad = bad_of(GOOD[: ENDS[4]] + noise + GOOD[ENDS[4] :])
    assert (bad.fault, bad.offset, bad.seq) == (Fault.DAMAGED, ENDS[4], 5)
    assert bad.what == "bytes that are no line of a log"


def test_carriage_returns_are_no_line_ends() -> None:
    assert bad_of(GOOD.replace(b"\n", b"\r\n")).seq == 0


def test_a_line_has_a_length_that_it_may_not_reach() -> None:
    bad = bad_of(GOOD + b"x" * (MAX_LINE_BYTES + 1), step=100_000)
    assert (bad.seq, bad.what) == (12, f"a line of more than {MAX_LINE_BYTES} bytes")


def test_a_long_line_of_the_chain_is_refused_as_well() -> None:
    line, _ = linked({"payload": '{"x":"' + "y" * MAX_LINE_BYTES + '"}'})
    assert bad_of(line + GOOD).fault is Fault.WRONG
    fits, _ = linked({"payload": '{"x":"' + "y" * (MAX_LINE_BYTES - 167) + '"}'})
    assert len(fits) == MAX_LINE_BYTES
    walk, rows = walked(fits)
    assert walk.bad is None and len(rows) == 1
    longer, _ = linked({"payload": '{"x":"' + "y" * (MAX_LINE_BYTES - 166) + '"}'})
    assert bad_of(longer + GOOD).fault is Fault.WRONG


def linked(changes: dict[str, object]) -> tuple[bytes, bytes]:
    """One first line of the log, right in the chain whatever it says."""
    fields: dict[str, object] = {
        "base": 0, "cause": 0, "corr": 0, "sseq": 0, "payload": "{}", "seq": 0, "src": "s",
        "topic": "t", "ts": 0, **changes,
    }  # fmt: skip
    return frame_lines(genesis(LOG_ID), [record_text(**fields).encode()])  # type: ignore[arg-type]


@pytest.mark.parametrize("changes", [{"seq": 1}, {"base": 1}, {"src": "a b"}, {"ts": -5}])
def test_what_the_chain_proves_and_no_record_may_say_is_wrong(changes: dict[str, object]) -> None:
    bad = bad_of(linked(changes)[0])
    assert bad.fault is Fault.WRONG
    assert bad.what == "an intact record with a wrong seq, batch base or form"


def test_a_newer_version_is_told_apart_only_when_the_chain_proves_it() -> None:
    text = by_hand(1)[76:-2].replace(b'"v":1}', b'"new":{},"v":2}')
    line, _ = frame_lines(genesis(LOG_ID), [text])
    bad = bad_of(line)
    assert (bad.fault, bad.what) == (Fault.NEWER, "a record of version 2, newer than this program")
    assert bad_of(GOOD[:-2].replace(b'"v":1}', b'"v":2}') + b"\n").fault is Fault.DAMAGED


def test_a_newer_line_is_believed_where_nobody_can_prove_it() -> None:
    newer = GOOD[: ENDS[0] - 4] + b"2}}\n"
    walk = Walk("file", iter([newer + GOOD]), head=None, seq=0)
    assert list(walk.rows()) == [[]]
    assert walk.bad is not None and walk.bad.fault is Fault.NEWER
    assert walk.refused == newer[:-1]
    walk = Walk("file", iter([b"?" + newer[1:] + GOOD]), head=None, seq=0)
    assert list(walk.rows()) == [[]]
    assert walk.bad is not None and walk.bad.fault is Fault.DAMAGED


def test_a_base_may_not_point_beyond_its_record() -> None:
    block = by_hand(4)
    records = [line[76:-1] for line in block.splitlines()]
    records[2] = records[2].replace(b'{"b":0', b'{"b":3')
    bad = bad_of(frame_lines(genesis(LOG_ID), records)[0])
    assert (bad.fault, bad.seq) == (Fault.WRONG, 2)


def test_packed_data_that_breaks_off_is_damage_behind_what_was_valid() -> None:
    def blocks() -> Iterator[bytes]:
        yield GOOD[: ENDS[2] + 5]
        raise PackDamaged("packed data that ends early")

    walk = Walk("file", blocks(), head=genesis(LOG_ID), seq=0)
    assert sum(len(rows) for rows in walk.rows()) == 3
    assert walk.bad == (Fault.DAMAGED, "file", ENDS[2], 3, "packed data that ends early")


@pytest.mark.parametrize("at_once", [1, 5, 12, 13])
def test_rows_come_in_small_numbers_so_that_the_first_is_cheap(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    whole = walked(GOOD)[1]
    bad = bytearray(GOOD)
    bad[ENDS[6] + 80] ^= 1
    monkeypatch.setattr("tools.live.journal.walk._AT_ONCE", at_once)
    walk = Walk("file", [GOOD], head=genesis(LOG_ID), seq=0)
    assert len(next(walk.rows())) == min(at_once, 12) == walk.seq
    shown = [(row[:3], row[3].groups(), row[4].groups()) for row in walked(GOOD)[1]]
    assert shown == [(row[:3], row[3].groups(), row[4].groups()) for row in whole]
    found = bad_of(bytes(bad))
    assert (found.fault, found.seq, found.offset) == (Fault.DAMAGED, 7, ENDS[6])


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_never_taken_for_a_line(seed: int) -> None:
    rng = chance(seed)
    for _ in range(50):
        place = rng.randrange(len(GOOD))
        noise = bytes(rng.randrange(256) for _ in range(rng.randint(1, 40)))
        bent = GOOD[:place] + noise + GOOD[place + len(noise) :]
        if bent != GOOD:
            damaged = next(n for n, end in enumerate(ENDS) if bent[:end] != GOOD[:end])
            walk, _ = walked(bent)
            assert walk.bad is not None and walk.bad.seq == damaged
