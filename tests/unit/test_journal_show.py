"""Records as lines for people, and which are asked for: `tools.live.journal.show`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.journal_builders import (
    FIRST, LOG_ID, NOON_NS, a_log, drop_mark, edit, lines_of, told,
)  # fmt: skip
from tests.unit.journal_folders import SECOND_NS, STORY, Told, a_journal
from tools.live.core.errors import ContractError
from tools.live.journal.frame import frame_lines, genesis, record_text
from tools.live.journal.reader import Record
from tools.live.journal.show import (
    HEADING, Bound, Picker, Wanted, instant, parse_bound, payload_text, readable, stored_line,
)  # fmt: skip


@pytest.fixture(scope="module")
def disk() -> SimDisk:
    made = SimDisk()
    a_journal(made)
    return made


def picked(disk: SimDisk, *, learn: bool = True, **wanted: Any) -> list[int]:
    """The seqs of the log's records that are wanted."""
    picker = Picker(Wanted(**wanted))
    if learn:
        picker.learn_names(disk)
    return [one.seq for one in told(disk) if picker.picks(one)]


def foreign(payload: str) -> SimDisk:
    """A log with one record of this payload, as somebody else's program may have written it."""
    text = record_text(
        base=0, cause=0, corr=0, sseq=0, payload=payload, seq=0, src="feed", topic="t", ts=0
    )
    block, _ = frame_lines(genesis(LOG_ID), [text.encode("latin-1")])
    return edit(drop_mark(a_log((1,))), block)


def one_payload(payload: str) -> Record:
    return told(foreign(payload), log_id=LOG_ID)[0]


def test_the_story_as_it_is_shown(disk: SimDisk) -> None:
    assert [readable(one) for one in told(disk)] == [
        "2025-01-01T12:00:00.000Z       0  system.log  system.log.created"
        "                    log_id=desk-1",
        "2025-01-01T12:00:00.000Z       1  feed      md.quote           #1"
        "                BTCUSDT bid=100 ask=101",
        "2025-01-01T12:00:00.000Z       2  loop      order.place        #2 <- #1"
        "          BTCUSDT Buy 0.01 @100.5 CLI00000001",
        "2025-01-01T12:00:01.000Z       3  exchange  order.accepted     #3 <- #2 of #1"
        "    CLI00000001 ORD000009",
        "2025-01-01T12:00:00.000Z       4  loop      order.place        #4 <- #1"
        "          BTCUSDT Sell 0.02 @100.7 CLI00000002",
        "2025-01-01T12:00:01.000Z       5  exchange  order.accepted     #5 <- #4 of #1"
        "    CLI00000002 ORD000010",
        "2025-01-01T12:00:02.000Z       6  exchange  order.fill         #6 <- #2 of #1"
        "    BTCUSDT Buy 0.01 @100.5 ORD000009 fill_id=F-1 liquidity=maker",
        "2025-01-01T12:00:03.000Z       7  feed      edge.update        #7"
        "                BTCUSDT net_bps=null",
        "2025-01-01T12:00:03.000Z       8  loop      risk.frozen        #8 <- #7"
        '          BTCUSDT reason="Edge: none"',
        "2025-01-01T12:00:04.000Z       9  exchange  order.open_listed  #9 <- #8 of #7"
        '    order_ids=["ORD000010"]',
        "2025-01-01T12:00:09.000Z      10  system.log  system.log.closed",
    ]  # fmt: skip


def test_the_heading_stands_above_its_columns(disk: SimDisk) -> None:
    line = readable(told(disk)[6])
    for title, text in (("time", "2025"), ("source", "exchange"), ("kind", "order.fill"),
                        ("entry", "#6"), ("payload", "BTCUSDT")):  # fmt: skip
        assert HEADING.index(title) == line.index(text)
    assert HEADING.index("seq") + len("seq") == line.index(" 6 ") + 2


def test_a_line_is_as_wide_as_the_terminal(disk: SimDisk) -> None:
    one = told(disk)[6]
    whole = readable(one)
    assert readable(one, len(whole)) == whole
    assert readable(one, len(whole) - 1) == whole[: len(whole) - 4] + "..."


def test_a_long_payload_is_cut() -> None:
    assert readable(one_payload('{"x":"%s"}' % ("a" * 118))).endswith("x=" + "a" * 118)
    assert readable(one_payload('{"x":"%s"}' % ("a" * 119))).endswith("x=" + "a" * 115 + "...")
    assert readable(one_payload('{"x":"%s"}' % ("a" * 200)), 500).endswith("x=" + "a" * 200)


@pytest.mark.parametrize(("payload", "shown"), [
    ("{}", ""),
    ("[1,2]", "[1,2]"),
    ('{"a":"","b":true,"c":{"d":[]}}', 'a="" b=true c={"d":[]}'),
    ('{"a b":"x\\u001b[2J\\n"}', '"a b"="x\\u001b[2J\\n"'),
    ('{"a":"\x7f"}', 'a="\\u007f"'),
    ('{"a":"\\u2028\\u00e9"}', 'a="\\u2028\\u00e9"'),
    ('{"symbol":null,"side":1,"qty":"1 2"}', 'symbol=null side=1 qty="1 2"'),
    ('{"zz":"1","fill_id":"F","aa":"2"}', "fill_id=F aa=2 zz=1"),
    ('{"a":NaN}', 'unreadable: "the payload of seq 0 holds NaN; JSON numbers are finite"'),
])  # fmt: skip
def test_a_payload_is_printable_whatever_it_holds(payload: str, shown: str) -> None:
    assert payload_text(one_payload(payload)) == shown


@pytest.mark.parametrize(("ts", "shown"), [
    (0, "1970-01-01T00:00:00.000Z"),
    (NOON_NS + 1_999_999, "2025-01-01T12:00:00.001Z"),
    (NOON_NS + 999_999_999, "2025-01-01T12:00:00.999Z"),
    (NOON_NS - 1, "2025-01-01T11:59:59.999Z"),
])  # fmt: skip
def test_times_have_milliseconds(ts: int, shown: str) -> None:
    assert instant(ts) == shown


def test_the_stored_line_is_the_line_that_is_stored(disk: SimDisk) -> None:
    assert [stored_line(one) for one in told(disk)] == lines_of(disk)


@pytest.mark.parametrize("payload", ['{ "b" : "\u00c3\u00a9" , "a":1 }', "[]", '{"a":1,"a":2}'])
def test_a_payload_that_is_not_canonical_is_told_as_it_stands(payload: str) -> None:
    disk = foreign(payload)
    assert [stored_line(one) for one in told(disk, log_id=LOG_ID)] == [disk.image()[FIRST]]


@pytest.mark.parametrize(("wanted", "seqs"), [
    ({}, list(range(11))),
    ({"kinds": ("order.fill",)}, [6]),
    ({"kinds": ("order",)}, [2, 3, 4, 5, 6, 9]),
    ({"kinds": ("orde", "order.")}, []),
    ({"kinds": ("risk", "md.quote")}, [1, 8]),
    ({"order": "CLI00000001"}, [2, 3, 6]),
    ({"order": "ORD000009"}, [2, 3, 6]),
    ({"order": "ORD000010"}, [4, 5, 9]),
    ({"order": "CLI00000003"}, []),
    ({"order": "BTCUSDT"}, []),
    ({"corr": 7}, [7, 8, 9]),
    ({"corr": 2}, []),
    ({"since": Bound(8, None)}, [8, 9, 10]),
    ({"until": Bound(2, None)}, [0, 1, 2]),
    ({"since": Bound(None, NOON_NS + 3 * SECOND_NS)}, [7, 8, 9, 10]),
    ({"until": Bound(None, NOON_NS)}, [0, 1, 2, 4]),
    ({"since": Bound(None, NOON_NS + 1), "until": Bound(6, None), "kinds": ("order.accepted",)},
     [3, 5]),
    ({"order": "CLI00000001", "corr": 1, "kinds": ("order.fill", "risk")}, [6]),
])  # fmt: skip
def test_what_is_wanted_is_picked(
    disk: SimDisk, wanted: dict[str, Any], seqs: list[int]
) -> None:
    assert picked(disk, **wanted) == seqs


def test_without_reading_ahead_an_order_is_known_by_both_names_from_its_yes_on(
    disk: SimDisk,
) -> None:
    assert picked(disk, learn=False, order="ORD000009") == [3, 6]
    assert picked(disk, learn=False, order="CLI00000001") == [2, 3, 6]


def test_an_adopted_order_is_known_by_both_names() -> None:
    payload = {"client_order_id": "by-hand", "order_id": "H1"}
    adopted: Told = ("exchange", "order.adopted", 3, 1, 2, 1, payload)
    canceled: Told = ("exchange", "order.canceled", 4, 1, 2, 1, {"order_id": "H1"})
    disk = SimDisk()
    a_journal(disk, story=(*STORY[:2], adopted, canceled))
    assert picked(disk, order="by-hand") == [3, 4]


def test_an_order_without_an_answer_has_one_name() -> None:
    rejected: Told = ("exchange", "order.accepted", 3, 1, 2, 1, {"client_order_id": "CLI00000001"})
    disk = SimDisk()
    a_journal(disk, story=(*STORY[:2], rejected))
    assert picked(disk, order="CLI00000001") == [2, 3]


def test_a_payload_that_is_no_object_is_about_no_order() -> None:
    picker = Picker(Wanted(order="ORD000009"))
    assert not picker.picks(one_payload('["ORD000009"]'))
    assert not picker.picks(one_payload('{"order_ids":"ORD000009"}'))
    assert picker.picks(one_payload('{"order_ids":["ORD000009"]}'))


def test_only_a_seq_ends_the_reading(disk: SimDisk) -> None:
    last = told(disk)[-1]
    assert Wanted(until=Bound(9, None)).is_behind(last)
    assert not Wanted(until=Bound(10, None)).is_behind(last)
    assert not Wanted(until=Bound(None, 0)).is_behind(last)
    assert not Wanted().is_behind(last)


@pytest.mark.parametrize(("text", "bound"), [
    ("0", Bound(0, None)),
    ("00120", Bound(120, None)),
    ("2025-01-01T12:00:00Z", Bound(None, NOON_NS)),
    ("2025-01-01T12:00:00.5Z", Bound(None, NOON_NS + SECOND_NS // 2)),
])  # fmt: skip
def test_a_bound_is_a_seq_or_an_instant(text: str, bound: Bound) -> None:
    assert parse_bound(text, "--since") == bound


@pytest.mark.parametrize("text", ["", "-1", "1_0", "\u0661", "1" * 19, "2025-01-01", "noon", "1.5"])
def test_other_bounds_are_refused(text: str) -> None:
    with pytest.raises(ContractError, match="^--since .*; give one, or a seq such as 120$"):
        parse_bound(text, "--since")
