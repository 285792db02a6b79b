"""tools.live.journal.fork and tools.live.replay_fork: another future from the same past."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.builders import a_monitor
from tests.unit.journal_builders import without_locks
from tests.unit.run_journals import a_moody_run, a_run, an_opening, write_run
from tools.live.core import codec
from tools.live.core.contracts_v1 import CancelAllOrdered, Entry, ParamsSet, QuoteUpdate
from tools.live.core.errors import ContractError
from tools.live.exchange import FakeExchangeClient
from tools.live.journal.folding import ReplayFailed, is_entry
from tools.live.journal.fork import ForkLine, NotTheParent, ParentRun, begin_fork
from tools.live.journal.reader import Reader
from tools.live.journal.rederive import rederive
from tools.live.journal.replay import find_run, rebuild
from tools.live.journal.run import entry_text
from tools.live.journal.run_facts import Parent, changes_of, read_opened
from tools.live.replay_fork import CHANGEABLE, fork

CHANGES = {
    "base_qty": 2 * 10**7, "spread_bps": 8 * 10**9, "max_inv": 1_500 * 10**9,
    "max_total": 2_500 * 10**9, "edge_threshold": 3 * 10**9, "fee_maker_bps": -(10**9),
    "fee_taker_bps": 9 * 10**9,
}  # fmt: skip
OWN = ("journal_id", "journal_head")


def texts(disk: SimDisk) -> list[bytes]:
    return [entry_text(one) for one in Reader(disk).poll() if is_entry(one)]


def without_ids(report: dict[str, Any]) -> dict[str, Any]:
    integrity = {k: v for k, v in report["integrity"].items() if k not in OWN}
    return {**report, "integrity": integrity}


def proven(disk: SimDisk, report: dict[str, Any]) -> None:
    """The new journal verifies, and gives the report that the fork gave."""
    assert rederive(disk).holds
    assert codec.canonical(rebuild(disk, digest=True).report()) == codec.canonical(report)


@pytest.mark.parametrize("options", [
    {}, {"edge": "computed"}, {"edge": "markouts"}, {"requote": False}, {"threshold": 6.0},
    {"retain": 2},
])  # fmt: skip
def test_with_nothing_changed_a_fork_is_the_parents_own_continuation(
    options: dict[str, Any]
) -> None:
    ran = a_run(12, **options)
    before = ran.disk.image()
    for until in (1, 40, len(ran.entries) - 20):
        disk = SimDisk()
        point, log_id, report = fork(ran.disk, disk, until, {})
        assert texts(disk) == texts(ran.disk)
        assert without_ids(report) == without_ids(ran.report)
        assert log_id == find_run(disk)[0] != find_run(ran.disk)[0]
        proven(disk, report)
    assert ran.disk.image() == before


def test_a_fork_has_the_parents_past_and_its_own_future() -> None:
    ran = a_run(12, edge="computed")
    disk = SimDisk()
    point, _, report = fork(ran.disk, disk, 60, CHANGES)
    assert point.seq >= 60
    assert texts(disk)[: point.seq] == texts(ran.disk)[: point.seq]
    assert texts(disk)[point.seq] != texts(ran.disk)[point.seq]
    proven(disk, report)
    params = report["params"]
    assert (params["base_qty"], params["spread_bps"]) == (0.02, 8.0)
    assert (params["max_inventory_usd_per_symbol"], params["max_total_notional_usd"]) == (
        1500.0, 2500.0,
    )  # fmt: skip
    assert (params["edge_freeze_threshold_bps"], params["fee_maker_bps"]) == (3.0, -1.0)
    assert params["fee_taker_bps"] == 9.0
    assert report["params"] == find_run(disk)[1].about


def test_a_fork_names_its_parent_and_its_terms() -> None:
    ran = a_run(8)
    disk = SimDisk()
    point, _, _ = fork(ran.disk, disk, 50, {"max_inv": 10**9})
    log_id, opened = find_run(ran.disk)
    hashes = {one.sseq: one.hash.hex() for one in Reader(ran.disk).poll() if is_entry(one)}
    forked = find_run(disk)[1]
    assert forked.parent == Parent(log_id, point.seq, hashes[point.seq], opened.terms, None)
    assert [seq for seq, _ in changes_of(forked)] == [0, point.seq + 1]
    assert forked.terms.max_symbol_e9 == 10**9
    assert forked.terms.max_total_e9 == opened.terms.max_total_e9


def test_a_fork_begins_between_two_steps() -> None:
    ran = a_run(8)
    quotes = [e for e in ran.entries if isinstance(e.event, QuoteUpdate)]
    for until in range(1, len(ran.entries) - 30, 9):
        disk = SimDisk()
        point, _, _ = fork(ran.disk, disk, until, {"base_qty": 10**6})
        event = ran.entries[point.seq].event
        assert isinstance(event, (QuoteUpdate, CancelAllOrdered))
        following = [e for e in quotes if e.seq > point.seq][0]
        assert quotes.index(following) % 2 == 0
        assert point.seq >= until
        earlier = [e.seq for e in quotes[: quotes.index(following)]]
        assert not earlier or until > earlier[-1] or until <= point.seq


def test_a_fork_can_be_forked_before_and_behind_its_own_change() -> None:
    ran = a_run(12)
    child = SimDisk()
    point, _, child_report = fork(ran.disk, child, 60, {"base_qty": 2 * 10**7, "max_inv": 10**12})
    for until, same in ((20, ran), (point.seq, ran), (point.seq + 30, None)):
        disk = SimDisk()
        left, _, report = fork(child, disk, until, {})
        proven(disk, report)
        assert texts(disk) == texts(child if same is None else same.disk)
        expected = child_report if same is None else same.report
        assert without_ids(report) == without_ids(expected)
        parent = find_run(disk)[1].parent
        assert parent is not None and parent.parent is not None
    grandchild = SimDisk()
    _, _, report = fork(child, grandchild, point.seq + 30, {"spread_bps": 20 * 10**9})
    proven(grandchild, report)
    assert len(changes_of(find_run(grandchild)[1])) == 3


def test_an_interrupted_run_can_be_forked() -> None:
    ran = a_run(8)
    at = [e.seq for e in ran.entries if isinstance(e.event, QuoteUpdate)][8]
    cut = SimDisk()
    write_run(cut, find_run(ran.disk)[1], ran.entries[:at])
    disk = SimDisk()
    _, _, report = fork(cut, disk, 10, {})
    proven(disk, report)
    assert texts(disk)[:at] == texts(ran.disk)[:at]
    assert len(texts(disk)) > at  # the quote that was cut off is a step of its own


def test_recorded_quotes_come_one_a_step() -> None:
    ran = a_run(6, symbols=("BTCUSDT",))
    opened = find_run(ran.disk)[1]
    about = {**opened.about, "market": {"kind": "recorded", "quotes": 6, "sha256": "0"}}
    disk = SimDisk()
    write_run(disk, an_opening(a_monitor(), about), ran.entries)
    parent = ParentRun(disk)
    assert [len(quotes) for quotes in parent] == [1] * 6
    assert parent.describe() == about["market"]


def test_nothing_is_written_before_the_parent_is_proven() -> None:
    ran = a_run(8)
    lines = list(ran.entries)
    place = next(n for n, e in enumerate(lines) if e.event.kind == "order.accepted")
    event: Any = lines[place].event
    lines[place] = Entry(place + 1, "exchange", lines[place].corr, lines[place].cause,
                         type(event)(event.client_order_id, "ORD999999", event.ts_ns))  # fmt: skip
    changed, disk = SimDisk(), SimDisk()
    write_run(changed, find_run(ran.disk)[1], lines)
    with pytest.raises(NotTheParent, match=f"seq {place + 1} is recorded as .*ORD999999"):
        fork(changed, disk, 40, {})
    assert disk.image() == {}


def test_a_run_that_ended_is_not_left_behind_its_end() -> None:
    ran = a_run(3)
    disk = SimDisk()
    with pytest.raises(ContractError, match="nothing of the run is left behind seq"):
        fork(ran.disk, disk, len(ran.entries), {})
    cut = SimDisk()
    write_run(cut, find_run(ran.disk)[1], ran.entries[:5])
    with pytest.raises((ContractError, ReplayFailed), match="nothing|recorded as nothing"):
        fork(cut, disk, 5, {})
    assert disk.image() == {}


def with_about(**changed: Any) -> SimDisk:
    ran = a_run(2)
    opened = find_run(ran.disk)[1]
    disk = SimDisk()
    write_run(disk, an_opening(a_monitor(), {**opened.about, **changed}), ran.entries)
    return disk


FAKE = FakeExchangeClient().describe()


@pytest.mark.parametrize(("changed", "message"), [
    ({"market": None}, "a market of no known kind"),
    ({"market": {"kind": "live"}}, "a market of no known kind"),
    ({"symbols": "BTCUSDT"}, "did not begin as a demo does"),
    ({"iterations": "2"}, "did not begin as a demo does"),
    ({"exchange": {"client": "Venue"}}, "traded on 'Venue', which cannot be made again"),
    ({"exchange": None}, "traded on None, which cannot be made again"),
    ({"exchange": {**FAKE, "moods": 3}}, "is not described as this program does it"),
    ({"exchange": {**FAKE, "fill_rate": 7}}, "fill_rate 7 is not a probability"),
])  # fmt: skip
def test_what_cannot_be_lived_again_cannot_be_forked(
    changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ContractError, match=message):
        fork(with_about(**changed), SimDisk(), 1, {})


def test_a_run_that_held_something_before_cannot_be_forked() -> None:
    ran = a_run(2)
    opened = find_run(ran.disk)[1]
    opened.held_before["BTCUSDT"] = 1  # type: ignore[index]
    disk = SimDisk()
    write_run(disk, opened, ran.entries)
    with pytest.raises(ContractError, match="did not begin as a demo does"):
        ParentRun(disk)


def test_a_run_that_does_not_begin_with_its_parameters_cannot_be_forked() -> None:
    for ran in (a_moody_run(1, 5), a_run(2)):
        disk = SimDisk()
        about = find_run(a_run(2).disk)[1].about
        write_run(disk, an_opening(a_monitor(), about), [])
        with pytest.raises(ReplayFailed, match="does not begin with its parameters"):
            ForkLine(ParentRun(disk), disk, None)


def test_a_fork_needs_a_new_folder() -> None:
    ran = a_run(3)
    before = without_locks(ran.disk)
    with pytest.raises(ContractError, match="holds a log already"):
        fork(ran.disk, ran.disk, 5, {})
    assert without_locks(ran.disk) == before


def test_a_fork_that_breaks_off_is_left_without_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = a_run(6)
    leave = ForkLine.leave
    left: list[ForkLine] = []

    def break_off(self: ForkLine) -> Any:
        left.append(self)
        if len(left) == 2:
            raise KeyboardInterrupt
        return leave(self)

    monkeypatch.setattr(ForkLine, "leave", break_off)
    disk = SimDisk()
    with pytest.raises(KeyboardInterrupt):
        fork(ran.disk, disk, 20, {})
    assert rebuild(disk).reported is None
    assert rederive(disk).holds


def test_the_line_of_a_fork_keeps_nothing_in_memory() -> None:
    ran = a_run(2)
    parent = ParentRun(ran.disk)
    dry = ForkLine(parent, ran.disk, None)
    assert dry.entries is None and dry.anchor() is None
    dry.interrupt()
    with pytest.raises(ContractError, match="cannot begin anew"):
        dry.clear()
    disk = SimDisk()
    run = begin_fork(disk, find_run(ran.disk)[1])
    wet = ForkLine(parent, ran.disk, run.line)
    assert wet.anchor() == run.line.anchor()
    wet.interrupt()
    with pytest.raises(Exception, match="interrupted"):
        wet.input(1, 1, 0, ran.entries[0].event)  # type: ignore[arg-type]
    run.let_go()


def test_a_line_that_goes_on_beyond_the_parent_is_refused() -> None:
    ran = a_run(2)
    opened = find_run(ran.disk)[1]
    disk = SimDisk()
    write_run(disk, opened, ran.entries[:1])
    line = ForkLine(ParentRun(disk), disk, None)
    event = ran.entries[0].event
    assert isinstance(event, ParamsSet)
    line.input(1, 1, 0, event)
    with pytest.raises(ReplayFailed, match="seq 2 is recorded as nothing"):
        line.input(2, 2, 0, event)


def test_everything_that_can_be_changed_is_named() -> None:
    assert sorted(CHANGES) == sorted(CHANGEABLE)
    payload = [one.payload() for one in Reader(a_run(1).disk).poll()][1]
    assert read_opened(payload).parent is None
