"""tools.live.journal.travel and .state_view: to any entry of a run, and what each changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.builders import T0_NS, a_fill, a_fold, a_monitor, a_quote_event
from tests.unit.journal_builders import opened
from tests.unit.run_journals import Ran, a_moody_run, a_run, an_opening, put, write_run
from tools.live.core import codec
from tools.live.core.clock import NS_PER_S, render_utc
from tools.live.core.contracts_v1 import (
    BUY, Approved, CancelFailed, Entry, Executed, Fill, FreezeOrdered, Input, OrderAccepted,
    OrderCanceled, OrderRejected, Output, ParamsSet, QuoteUpdate,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.core.line import source_of
from tools.live.journal import travel
from tools.live.journal.folding import NotARun, Start
from tools.live.journal.outcome import Limits
from tools.live.journal.reader import Reader, Record
from tools.live.journal.replay import find_run, rebuild
from tools.live.journal.run_facts import opened_payload
from tools.live.journal.segments import list_segments
from tools.live.journal.state_view import changes, readable, state_view
from tools.live.journal.travel import (
    causes_of, entry_at, last_inputs, last_steps, locate, one_back, resolve,
)  # fmt: skip

LARGE = a_run(90, limits=Limits(rotate_bytes=30_000))
SHORT = a_run(6)


def unclosed() -> Ran:
    """A journal whose last segment has no index yet."""
    disk = SimDisk()
    journal = opened(disk)
    opening = find_run(SHORT.disk)[1]
    journal.append("run.opened", T0_NS, "run", 1, opened_payload(opening))
    for entry in SHORT.entries:
        put(journal, entry)
    journal.commit_all()
    disk.kill9()
    return SHORT._replace(disk=disk)


@pytest.mark.parametrize("ran", [LARGE, SHORT, unclosed()])
def test_every_entry_is_found_by_its_seq(ran: Ran) -> None:
    for entry in ran.entries[:: max(1, len(ran.entries) // 60)]:
        told = entry_at(ran.disk, entry.seq)
        shown = codec.envelope(entry)
        assert (told.seq, told.topic, told.payload) == (
            entry.seq, shown["kind"], shown["payload"],
        )  # fmt: skip
    end = len(ran.entries)
    for seq in (0, end + 1):
        with pytest.raises(ContractError, match=f"seq {seq} is not in the line; it ends at {end}"):
            entry_at(ran.disk, seq)


def test_a_place_is_found_by_looking_at_few(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int | None] = []
    init = Reader.__init__

    def watched(self: Reader, *given: Any, from_seq: int | None = None, **named: Any) -> None:
        looked.append(from_seq)
        init(self, *given, from_seq=from_seq, **named)

    monkeypatch.setattr(Reader, "__init__", watched)
    found = locate(LARGE.disk, lambda one: one.sseq < 500)
    assert found is not None and found.sseq == 500
    assert len(list_segments(LARGE.disk)) > 5
    assert len(looked) < 12
    last = looked[-1]
    assert last is not None and 0 <= found.seq - last <= 130


def test_an_empty_log_has_no_place() -> None:
    assert locate(SimDisk(), lambda one: True) is None
    with pytest.raises(NotARun):
        resolve(SimDisk(), "7")
    with pytest.raises(ContractError, match="it ends at 0"):
        entry_at(SimDisk(), 1)


@pytest.mark.parametrize("ran", [LARGE, unclosed()])
def test_a_time_means_the_last_entry_that_was_there_by_then(ran: Ran) -> None:
    last = ran.entries[-1].event.ts_ns
    for ts_ns in range(T0_NS, last + 2 * NS_PER_S, NS_PER_S // 2):
        later = [e.seq for e in ran.entries if e.src != "loop" and e.event.ts_ns > ts_ns]
        expected = later[0] - 1 if later else len(ran.entries)
        assert resolve(ran.disk, render_utc(ts_ns)) == expected
    with pytest.raises(ContractError, match="is before the first event of the run"):
        resolve(ran.disk, "2024-12-31T23:59:59Z")


def test_an_order_is_found_by_looking_at_few(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    poll = Reader.poll

    def counted(self: Reader) -> Iterator[Record]:
        nonlocal read
        for one in poll(self):
            read += 1
            yield one

    monkeypatch.setattr(Reader, "poll", counted)
    orders = [one for one in LARGE.entries if one.event.kind == "order.place"]
    for entry in (orders[2], orders[len(orders) // 2], orders[-3]):
        read = 0
        assert isinstance(entry.event, Approved)
        assert resolve(LARGE.disk, entry.event.client_order_id) > entry.seq
        assert read < len(LARGE.entries) // 4, entry


def lived(*events: Input | Output) -> SimDisk:
    """A run of these events."""
    disk = SimDisk()
    sources = [source_of(type(event)) for event in events]
    entries = [Entry(seq, sources[seq - 1], seq, 0, one) for seq, one in enumerate(events, 1)]
    write_run(disk, an_opening(a_monitor(), {}), entries)
    return disk


FIRST_ORDER = "CLI00000001"
PLACED = (
    ParamsSet(10**9, 0, T0_NS), Approved(FIRST_ORDER, "BTCUSDT", BUY, 5, 10**9, T0_NS),
    OrderAccepted(FIRST_ORDER, "X1", T0_NS),
)  # fmt: skip


def a_part(fill_id: str, qty: int) -> Fill:
    return Fill(fill_id, "X1", "BTCUSDT", BUY, qty, 10**9, "maker", T0_NS)


def an_executed_part(fill_id: str, qty: int) -> Executed:
    return Executed(fill_id, "X1", "BTCUSDT", BUY, qty, 10**9, "maker", 5, "queue", T0_NS)


@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        ((), 3),
        ((a_part("F1", 2), an_executed_part("F2", 3), a_part("F3", 1)), 5),
        ((a_part("F1", 2), a_part("F2", 2)), 5),
        ((a_part("F1", 2), a_part("F2", 3), a_part("F3", 1)), 5),
        ((a_part("F1", 2), OrderCanceled("X1", T0_NS), a_part("F2", 1)), 5),
        ((OrderRejected(FIRST_ORDER, "gone", T0_NS), OrderCanceled("X1", T0_NS)), 4),
        ((OrderCanceled("X2", T0_NS), CancelFailed("X1", "no", T0_NS)), 5),
    ],
)
def test_an_order_means_the_event_that_ended_it_or_its_last(
    behind: tuple[Input, ...], expected: int
) -> None:
    quiet = [FreezeOrdered(f"number {number}", None, "me", T0_NS) for number in range(200)]
    assert resolve(lived(*PLACED, *behind, *quiet), FIRST_ORDER) == expected
    with pytest.raises(ContractError, match="CLI00000002 is no order of this run"):
        resolve(lived(*PLACED, *behind, *quiet), "CLI00000002")


def test_an_order_means_the_last_event_that_names_it() -> None:
    names: dict[str, list[str]] = {}
    last: dict[str, int] = {}
    for entry in LARGE.entries:
        event: Any = entry.event
        ours = getattr(event, "client_order_id", None)
        theirs = getattr(event, "order_id", None)
        for known in names:
            if ours == known or theirs in names[known]:
                last[known] = entry.seq
        if ours is not None and ours not in names:
            names[ours], last[ours] = [], entry.seq
        if ours is not None and theirs is not None:
            names[ours].append(theirs)
    for client_order_id in sorted(names)[::7]:
        assert resolve(LARGE.disk, client_order_id) == last[client_order_id]
    with pytest.raises(ContractError, match="CLI00009999 is no order of this run"):
        resolve(LARGE.disk, "CLI00009999")


def test_a_text_that_only_looks_like_the_order_is_not_its_event() -> None:
    disk = SimDisk()
    entries = [
        Entry(1, "operator", 1, 0, ParamsSet(10**9, 0, T0_NS)),
        Entry(2, "feed", 2, 0, QuoteUpdate("BTCUSDT", 10**9, 10**9, T0_NS)),
        Entry(5, "exchange", 5, 3, OrderAccepted("CLI00000001", "X1", T0_NS)),
        Entry(6, "exchange", 6, 0, CancelFailed("X2", "CLI00000001", T0_NS)),
    ]
    write_run(disk, an_opening(a_monitor(), {}), entries)
    assert resolve(disk, "CLI00000001") == 5


@pytest.mark.parametrize(
    "text", ["", "0", "x", "-1", "1e3", "CLI1", "12:00", "\u0663", "1 ", "9" * 19]
)
def test_what_is_neither_seq_nor_time_nor_order_is_refused(text: str) -> None:
    with pytest.raises(ContractError, match="--until .* is no seq, time or order; write 120"):
        resolve(SHORT.disk, text)


def test_a_wrong_time_is_refused_by_the_rule_it_breaks() -> None:
    with pytest.raises(ContractError, match="is not a day of the calendar"):
        resolve(SHORT.disk, "2025-02-30T00:00:00Z")
    with pytest.raises(ContractError, match="is not of the form"):
        resolve(SHORT.disk, "2025-02-30")
    assert resolve(SHORT.disk, "17") == 17


@pytest.mark.parametrize("ran", [LARGE, a_moody_run(3, 60)])
def test_the_last_inputs_and_the_one_before(ran: Ran) -> None:
    inputs = [entry.seq for entry in ran.entries if entry.src != "loop"]
    for seq in range(1, len(ran.entries) + 1, 17):
        upto = [one for one in inputs if one <= seq]
        for count in (1, 3, 200):
            assert last_inputs(ran.disk, seq, count) == upto[-count:]
        assert one_back(ran.disk, seq) == upto[-1] - 1
    with pytest.raises(ContractError, match="is behind the end of the line"):
        last_inputs(ran.disk, len(ran.entries) + 1, 1)


def test_a_stretch_without_inputs_is_looked_at_further_back() -> None:
    """A freeze that cancels many orders decides more at once than one look covers."""
    disk = SimDisk()
    entries = [Entry(1, "operator", 1, 0, ParamsSet(10**9, 0, T0_NS))]
    entries += [Entry(2, "operator", 2, 0, FreezeOrdered("a", None, "b", T0_NS))]
    many = [codec.envelope(entry) for entry in SHORT.entries if entry.src == "loop"] * 8
    journal = opened(disk)
    journal.append("run.opened", T0_NS, "run", 1, opened_payload(an_opening(a_monitor(), {})))
    for entry in entries:
        put(journal, entry)
    for seq, line in enumerate(many, 3):
        journal.append(line["kind"], T0_NS, "loop", seq, line["payload"], corr=2, cause=2)
        journal.commit()
    journal.close(T0_NS)
    assert len(many) > 200
    assert last_inputs(disk, len(many), 2) == [1, 2]


def test_causes_lead_back_to_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    fill = next(entry for entry in SHORT.entries if entry.event.kind == "order.fill")
    chain = causes_of(SHORT.disk, fill.seq)
    assert [one.topic for one in chain] == ["order.fill", "order.place", "md.quote"]
    assert chain[0].seq == fill.seq and chain[-1].seq == fill.corr
    assert causes_of(SHORT.disk, 0) == ()
    monkeypatch.setattr(travel, "_CAUSES", 2)
    assert len(causes_of(SHORT.disk, fill.seq)) == 2


@pytest.mark.parametrize("until", [1, 2, 17, 60, len(SHORT.entries)])
def test_steps_show_what_each_input_changed(until: int) -> None:
    replay, steps = last_steps(SHORT.disk, until, 3)
    inputs = [e.seq for e in SHORT.entries[:until] if e.src != "loop"][-3:]
    assert [step.told.seq for step in steps] == inputs
    assert (replay.seq, replay.state_sha256) == (
        until, rebuild(SHORT.disk, until=until).state_sha256,
    )  # fmt: skip
    for step, following in zip(steps, [*inputs[1:], until + 1], strict=True):
        decided = [e.seq for e in SHORT.entries[step.told.seq : following - 1]]
        assert [one.seq for one in step.decided] == decided
        before = state_view(rebuild(SHORT.disk, until=step.told.seq - 1).fold)
        after = state_view(rebuild(SHORT.disk, until=step.told.seq).fold)
        assert step.changed == changes(before, after)


def test_steps_start_from_a_checkpoint_when_there_is_one() -> None:
    part = rebuild(SHORT.disk, until=10)
    asked: list[int | None] = []

    def restore(opened_as: Any, until: int | None) -> Start:
        asked.append(until)
        return Start(part.seq, part.journal_seq, part.head.hex(), part.fold)

    plain = last_steps(SHORT.disk, 60, 2)
    replay, steps = last_steps(SHORT.disk, 60, 2, restore)
    assert asked == [steps[0].told.seq - 1]
    assert steps == plain[1] and replay.head == plain[0].head


def test_the_view_shows_exact_numbers() -> None:
    fold = a_fold()
    empty = state_view(fold)
    assert empty["positions"] == {} and empty["risk"]["freeze_reason"] is None
    fold.step(a_quote_event(bid="49975.123456789"))
    fold.step(OrderAccepted("CLI00000001", "X1", T0_NS))
    fold.step(a_fill(qty="0.004", price="50000.1"))
    fold.step(FreezeOrdered("halt", None, "ada", T0_NS))
    view = state_view(fold)
    assert view["positions"]["BTCUSDT"]["qty"] == "0.004"
    assert view["positions"]["BTCUSDT"]["cash"] == "-200.0004"
    assert view["market"]["BTCUSDT"]["bid"] == "49975.123456789"
    assert view["live_orders"]["CLI00000001"]["filled"] == "0.004"
    assert view["risk"]["frozen"] and view["risk"]["freeze_reason"] == "halt (ada)"
    text = readable(view)
    assert "\nlive_orders:\n  CLI00000001  order_id X1  symbol BTCUSDT  side Buy" in text
    assert "frozen              yes" in text
    assert "edge_bps" not in readable(empty) and "refusals" not in readable(empty)
    fold.clear()
    fold.monitor.reset()
    assert state_view(fold)["strategy"] is None
    assert "strategy" not in readable(state_view(fold))


def test_changes_name_what_came_and_went() -> None:
    before = {"a": {"x": 1, "y": None}, "b": 2}
    after = {"a": {"x": 1, "z": {"w": "3"}}, "b": 4}
    assert changes(before, after) == {"a.z.w": (None, "3"), "b": (2, 4)}
    assert changes(before, before) == {}


def test_the_end_is_found_behind_a_segment_without_entries() -> None:
    ran = a_run(3)
    before = len(list_segments(ran.disk))
    opened(ran.disk, log_id=find_run(ran.disk)[0]).close(T0_NS)
    assert len(list_segments(ran.disk)) == before + 1
    with pytest.raises(ContractError, match=f"it ends at {len(ran.entries)}$"):
        entry_at(ran.disk, 10**6)
    assert resolve(ran.disk, "2030-01-01T00:00:00Z") == len(ran.entries)
