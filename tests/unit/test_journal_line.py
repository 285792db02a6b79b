"""The line on disk: durable in batches, chained on its own, and silent after an interrupt."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit import prop
from tests.unit.builders import BTC, ETH, T0_NS, a_loop, a_quote_event
from tests.unit.journal_builders import opened
from tests.unit.test_properties import lived_through, operations
from tools.live.core.contracts_v1 import (
    INPUTS, CancelOrder, Entry, FreezeOrdered, ListOpenOrders, QuoteUpdate,
)  # fmt: skip
from tools.live.core.errors import ContractError, LineFailed
from tools.live.core.line import Line
from tools.live.core.record import fields_of
from tools.live.journal.errors import Diverged, StorageFailed
from tools.live.journal.line import JournalLine
from tools.live.journal.line_digest import LineDigest
from tools.live.journal.reader import Reader, Record
from tools.live.journal.run import RecordedEntries, entry_text


def entries_on(disk: SimDisk) -> list[Record]:
    return [one for one in Reader(disk).poll() if one.src != "system.log"]


def a_line(disk: SimDisk, *, each_send: bool = False, batch: int = 256) -> JournalLine:
    return JournalLine(opened(disk), commit_each_send=each_send, batch=batch)


def fed(line: JournalLine, count: int) -> None:
    first = line.seq + 1
    for seq in range(first, first + count):
        line.input(seq, seq, 0, a_quote_event())


def test_an_entry_is_a_record_with_its_place_its_causes_and_its_author() -> None:
    disk = SimDisk()
    line = a_line(disk)
    line.input(1, 1, 0, QuoteUpdate(BTC, 10**9, 2 * 10**9, T0_NS))
    line.output(2, 1, 1, ListOpenOrders(T0_NS + 1))
    line.commit()
    quote, listing = entries_on(disk)
    assert (quote.topic, quote.src, quote.sseq, quote.corr, quote.cause, quote.ts) == (
        "md.quote", "feed", 1, 1, 0, T0_NS,
    )  # fmt: skip
    assert quote.payload() == {"symbol": BTC, "bid": "1", "ask": "2"}
    assert (listing.topic, listing.src, listing.sseq, listing.corr, listing.cause) == (
        "order.list_open", "loop", 2, 1, 1,
    )  # fmt: skip


def on_disk(disk: SimDisk) -> int:
    """How many entries a reader finds, durable or not."""
    return len(entries_on(disk))


def test_a_full_batch_is_written_and_durable_when_the_next_one_is() -> None:
    disk = SimDisk()
    line = a_line(disk, batch=4)
    before = line.journal.durable_seq
    fed(line, 3)
    assert (on_disk(disk), line.journal.durable_seq) == (0, before)
    fed(line, 1)
    assert (on_disk(disk), line.journal.durable_seq) == (4, before)
    fed(line, 4)
    assert (on_disk(disk), line.journal.durable_seq) == (8, before + 4)
    fed(line, 3)
    assert (on_disk(disk), line.journal.durable_seq) == (8, before + 4)
    line.commit()
    assert (on_disk(disk), line.journal.durable_seq) == (11, before + 11)
    fed(line, 3)  # a commit by hand begins a new batch
    assert (on_disk(disk), line.journal.durable_seq) == (11, before + 11)
    fed(line, 1)
    line.commit()
    assert (on_disk(disk), line.journal.durable_seq) == (15, before + 15)


def test_with_an_exchange_that_outlives_us_no_full_batch_is_in_flight() -> None:
    line = a_line(SimDisk(), each_send=True, batch=4)
    before = line.journal.durable_seq
    fed(line, 4)
    assert line.journal.durable_seq == before + 4


def test_a_batch_is_256_entries() -> None:
    disk = SimDisk()
    line = a_line(disk)
    fed(line, 255)
    assert on_disk(disk) == 0
    fed(line, 1)
    assert on_disk(disk) == 256


@pytest.mark.parametrize("each_send", [False, True])
def test_a_command_is_durable_before_it_is_sent_when_asked_for(each_send: bool) -> None:
    line = a_line(SimDisk(), each_send=each_send)
    before = line.journal.durable_seq
    line.input(1, 1, 0, a_quote_event())
    line.output(2, 1, 1, ListOpenOrders(T0_NS))
    assert line.journal.durable_seq == before  # a question moves no money
    line.output(3, 1, 1, CancelOrder("C", "O", T0_NS))
    assert line.journal.durable_seq == before + (3 if each_send else 0)


def test_what_is_sent_is_on_the_disk_already() -> None:
    """The exchange looks into the journal at the moment it is called."""
    disk = SimDisk()
    loop = a_loop(recorded=False)
    loop.line = a_line(disk, each_send=True)
    sent: list[str] = []
    place = loop.exchange.place_limit

    def looking(req):  # type: ignore[no-untyped-def]
        durable = Reader(disk, durable_only=True).poll()
        placed = [one.payload()["client_order_id"] for one in durable if one.topic == "order.place"]
        assert req.client_order_id in placed
        sent.append(req.client_order_id)
        return place(req)

    loop.exchange.place_limit = looking  # type: ignore[method-assign]
    from tests.unit.builders import a_quote, some_params

    loop.on_quote(a_quote(), some_params())
    assert sent == ["CLI00000001", "CLI00000002"]


def test_the_anchor_is_a_digest_over_the_entries_alone() -> None:
    disk = SimDisk()
    line = a_line(disk, batch=2)
    empty = sha256(b"line-v2\0desk-1\0").hexdigest()
    assert line.anchor() == ("desk-1", f"0:{empty}")
    fed(line, 3)
    anchor = line.anchor()
    line.commit()
    digest = LineDigest("desk-1")
    digest.extend([(entry_text(one).decode(),) for one in entries_on(disk)])
    assert anchor == line.anchor() == ("desk-1", f"3:{digest.hexdigest()}")


def test_a_gap_in_the_line_is_refused() -> None:
    line = a_line(SimDisk())
    fed(line, 2)
    with pytest.raises(LineFailed, match="seq 4 cannot follow 2"):
        line.input(4, 4, 0, a_quote_event())
    with pytest.raises(LineFailed, match="seq 2 cannot follow 2"):
        line.input(2, 2, 0, a_quote_event())
    assert str(line.anchor()).startswith("('desk-1', '2:")


def test_after_an_interrupt_it_takes_nothing_more() -> None:
    line = a_line(SimDisk())
    fed(line, 2)
    line.interrupt()
    for seq in (0, 1, 2, 3):
        with pytest.raises(LineFailed):
            line.input(seq, 0, 0, a_quote_event())
    assert str(line.anchor()).startswith("('desk-1', '2:")


def heard(line: JournalLine, entries: Sequence[Entry], plainly: bool) -> None:
    """Give a line what another one holds, by fields where there is a way, or as events only."""
    for one in entries:
        say = line._record if plainly else line.output
        if isinstance(one.event, tuple(INPUTS)) and not plainly:
            fields = [getattr(one.event, name) for name in fields_of(one.event)]
            line.hearing(type(one.event))(one.seq, one.corr, one.cause, *fields)
        else:
            say(one.seq, one.corr, one.cause, one.event)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("each_send", [False, True])
def test_heard_by_its_fields_a_run_is_recorded_in_the_same_bytes(
    seed: int, each_send: bool
) -> None:
    rng = prop.chance(seed)
    entries = list(lived_through(operations(seed, 60)).line.entries)
    first = len(entries) + 1
    for seq, event in enumerate(prop.inputs(rng, 60), first):
        entries.append(Entry(seq, "", rng.randint(0, seq), rng.randint(0, seq), event))
    disks = SimDisk(), SimDisk()
    for disk, plainly in zip(disks, (True, False)):
        line = a_line(disk, each_send=each_send, batch=7)
        heard(line, entries, plainly)
        line.commit()
        assert line.seq == len(entries)
    for path in ("segments/00000000000000000000.jsonl", "durable.mark"):
        assert disks[0].read(path) == disks[1].read(path)


def test_what_is_heard_by_its_fields_must_follow_as_well() -> None:
    line = a_line(SimDisk())
    fed(line, 2)
    hear, quote = line.hearing(QuoteUpdate), (BTC, 10**9, 2 * 10**9, T0_NS)
    for seq in (2, 4):
        with pytest.raises(LineFailed, match=f"seq {seq} cannot follow 2"):
            hear(seq, seq, 0, *quote)
        with pytest.raises(LineFailed, match=f"seq {seq} cannot follow 2"):
            line.output(seq, seq, 0, ListOpenOrders(T0_NS))
    hear(3, 3, 0, *quote)
    line.interrupt()
    for seq in (0, 3, 4):
        with pytest.raises(LineFailed):
            hear(seq, seq, 0, *quote)
    assert str(line.anchor()).startswith("('desk-1', '3:")


def test_an_entry_that_was_cut_short_lets_none_follow() -> None:
    """Ctrl-C between taking the entry and counting it: what follows would stand at its place."""
    line = a_line(SimDisk())
    fed(line, 1)
    line._taken.append(("", ""))
    with pytest.raises(LineFailed, match="seq 3 cannot follow 1"):
        line.hearing(QuoteUpdate)(3, 3, 0, BTC, 10**9, 2 * 10**9, T0_NS)


def test_it_is_not_cleared() -> None:
    with pytest.raises(ContractError, match="a journal holds one run"):
        a_line(SimDisk()).clear()


def test_a_line_may_be_kept_in_memory_too() -> None:
    kept = Line()
    line = JournalLine(opened(SimDisk()), keep=kept)
    assert line.entries == []
    line.input(1, 1, 0, a_quote_event())
    line.output(2, 1, 1, ListOpenOrders(T0_NS))
    assert line.entries == kept.entries == [
        Entry(1, "feed", 1, 0, a_quote_event()), Entry(2, "loop", 1, 1, ListOpenOrders(T0_NS)),
    ]  # fmt: skip
    assert a_line(SimDisk()).entries is None


def resumed(disk: SimDisk) -> JournalLine:
    disk.kill9()
    journal = opened(disk)
    return JournalLine(journal, recorded=RecordedEntries(disk), batch=2)


def test_the_recorded_part_is_lived_again_and_not_recorded_twice() -> None:
    disk = SimDisk()
    line = a_line(disk, batch=2)
    fed(line, 4)
    anchor = line.anchor()
    again = resumed(disk)
    fed(again, 4)
    assert again.anchor() == anchor
    assert again.journal.waiting == 0
    fed(again, 2)
    again.commit()
    assert [one.sseq for one in entries_on(disk)] == [1, 2, 3, 4, 5, 6]


def test_a_life_that_differs_from_the_recorded_one_is_stopped() -> None:
    disk = SimDisk()
    fed(a_line(disk, batch=2), 4)
    again = resumed(disk)
    fed(again, 2)
    with pytest.raises(Diverged) as stopped:
        again.input(3, 3, 0, a_quote_event(symbol=ETH))
    assert stopped.value.seq == 3
    assert b'"symbol":"BTCUSDT"' in stopped.value.recorded.encode()
    assert '"symbol":"ETHUSDT"' in stopped.value.derived
    assert "seq 3 of the line is recorded as" in str(stopped.value)


def test_a_journal_that_takes_nothing_ends_the_line() -> None:
    line = a_line(SimDisk())
    line.journal.queue.shut()
    fed(line, 1)
    with pytest.raises(StorageFailed, match="the line up to seq 1 is refused"):
        line.commit()


@pytest.mark.parametrize("each_send", [False, True])
def test_whether_it_is_halted_is_asked_at_every_commit_and_not_at_every_entry(
    each_send: bool,
) -> None:
    answers = [False, True, False]
    line = JournalLine(
        opened(SimDisk()), batch=2, commit_each_send=each_send, is_halted=lambda: answers.pop(0)
    )
    fed(line, 3)
    assert not line.is_freeze_due() and answers == [True, False]
    fed(line, 1)
    assert line.is_freeze_due() and answers == [False]
    fed(line, 2)
    assert line.is_freeze_due() and answers == [False], "a halt is not taken back"
    assert not a_line(SimDisk(), batch=1).is_freeze_due()


def test_a_recorded_freeze_is_due_again_where_it_was() -> None:
    disk = SimDisk()
    line = a_line(disk, batch=1)
    fed(line, 2)
    line.input(3, 3, 0, FreezeOrdered("HALT file", None, "operator", T0_NS))
    fed(line, 1)
    again = resumed(disk)
    due = []
    for _ in range(2):
        due.append(again.is_freeze_due())
        fed(again, 1)
    due.append(again.is_freeze_due())
    again.input(3, 3, 0, FreezeOrdered("HALT file", None, "operator", T0_NS))
    due.append(again.is_freeze_due())
    fed(again, 1)
    due.append(again.is_freeze_due())
    fed(again, 1)
    due.append(again.is_freeze_due())
    assert due == [False, False, True, False, False, False]


def test_a_halt_that_comes_while_the_recorded_part_is_lived_again_is_due_behind_it() -> None:
    disk = SimDisk()
    fed(a_line(disk, batch=1), 2)
    disk.kill9()
    again = JournalLine(
        opened(disk), recorded=RecordedEntries(disk), batch=1, is_halted=lambda: True
    )
    due = []
    for _ in range(3):
        again.commit()
        due.append(again.is_freeze_due())
        fed(again, 1)
    assert due == [False, False, False] and again.is_freeze_due()


def test_what_is_recorded_can_be_looked_at_before_it_is_taken() -> None:
    disk = SimDisk()
    fed(a_line(disk, batch=1), 2)
    recorded = RecordedEntries(disk)
    for _ in range(2):
        seen = recorded.peek()
        assert seen is not None and recorded.peek() == seen == recorded.take()
    assert recorded.peek() is recorded.take() is recorded.peek() is None
