"""Taking up a run from its journal, or refusing to: `tools.live.journal.take_up`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sim.journaled_runs import run_on
from tests.sim.venue import MS, Ended, Script, Wire
from tests.unit.builders import T0_NS
from tests.unit.durable_desk import LIMITS, Desk, quote
from tools.live.core.errors import ContractError
from tools.live.durable_run import DurableRun
from tools.live.fold import Fold
from tools.live.journal import take_up
from tools.live.journal.checkpoint import names
from tools.live.journal.errors import LogHeld
from tools.live.journal.outcome import Profile
from tools.live.journal.replay import rebuild
from tools.live.journal.run_facts import OPENED, SOURCE
from tools.live.journal.state_view import readable, state_view
from tools.live.journal.writer import Journal
from tools.live.risk_monitor import RuntimeRiskMonitor


def test_two_cannot_drive_one_run() -> None:
    desk = Desk()
    desk.open()
    with pytest.raises(LogHeld):
        desk.open()


@pytest.mark.parametrize("name", list(LIMITS))
def test_another_limit_is_another_run(name: str) -> None:
    desk = Desk()
    desk.open().close()
    with pytest.raises(ContractError, match="the journal holds a run with"):
        desk.open(**{name: 1})
    assert desk.open().recovered


def test_the_finished_run_of_a_demo_is_not_taken_up() -> None:
    desk = Desk()
    run_on(desk.disk, 3)
    with pytest.raises(ContractError, match="the journal holds a run with"):
        desk.open()


def test_a_run_that_reported_is_over() -> None:
    desk = Desk()
    desk.open().close()
    journal = Journal.open(
        desk.disk, log_id=rebuild(desk.disk).log_id, holder="a test", time_ns=T0_NS,
        profile=Profile.STRICT,
    )  # fmt: skip
    told = {"exchange_moved": {}, "events": "2", "state_sha256": "0" * 64,
            "report_sha256": "0" * 64}  # fmt: skip
    journal.append("run.reported", T0_NS, SOURCE, 2, told)
    journal.commit_all(Profile.STRICT)
    journal.let_go()
    with pytest.raises(ContractError, match="holds a finished run"):
        desk.open()


def test_a_log_that_had_no_time_to_begin_its_run_begins_it() -> None:
    desk = Desk()
    silent = Wire(desk.venue, dice=lambda fault: fault == "silent")
    silent.clock = lambda: desk.now_ns
    with pytest.raises(TimeoutError):  # it could not say what it holds
        DurableRun.open(desk.disk, silent, clock=lambda: desk.now_ns // MS, **LIMITS)
    assert OPENED not in desk.topics()
    run = desk.open()
    assert not run.recovered and run.ready


def test_another_program_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    run = desk.open()
    quote(run, desk)
    run.close()
    review = RuntimeRiskMonitor.review

    def cheaper(self: Any, name: str, symbol: str, side: Any, qty: int, price: int, ns: int) -> Any:
        return review(self, name, symbol, side, qty, price - 1, ns)

    monkeypatch.setattr(RuntimeRiskMonitor, "review", cheaper)
    before = desk.topics()
    with pytest.raises(take_up.RunDiverged, match=r"seq \d+ \(order.place\) comes out otherwise"):
        desk.open()
    assert desk.topics()[: len(before)] == before
    monkeypatch.undo()
    assert desk.open().recovered


def test_checkpoints_make_a_start_short_and_change_nothing() -> None:
    desk = Desk()
    run = desk.open(checkpoint_every=10)
    for _ in range(8):
        quote(run, desk)
        run.cancel_all("a test")
    assert names(desk.disk)
    state, seq = rebuild(desk.disk).state_sha256, run.loop.seq
    head = run.loop.line.anchor()  # type: ignore[union-attr]
    run.close()
    stepped = []
    step = Fold.quote

    def counted(self: Fold, *given: Any) -> Any:
        stepped.append(given)
        return step(self, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fold, "quote", counted)
        again = desk.open(checkpoint_every=10)
    assert len(stepped) < 3
    assert rebuild(desk.disk, until=seq).state_sha256 == state
    assert head is not None and again.loop.line is not None
    whole = rebuild(desk.disk, digest=True).line_digest
    assert whole is not None
    assert again.loop.line.anchor() == (head[0], f"{whole.entries}:{whole.hexdigest()}")


def test_no_checkpoints_where_none_are_wanted() -> None:
    desk = Desk()
    run = desk.open(checkpoint_every=0)
    for _ in range(8):
        quote(run, desk)
    assert not names(desk.disk)


def test_what_is_in_doubt_is_shown_to_whoever_replays() -> None:
    desk = Desk()
    run = desk.open(Script("ends_after"))
    with pytest.raises(Ended):
        quote(run, desk)
    desk.end()
    desk.open(lambda fault: fault == "silent")
    risk = state_view(rebuild(desk.disk).fold)["risk"]
    assert risk["ready"] is False
    assert risk["in_doubt"] == {
        "CLI00000001": "since 2025-01-01T00:00:01Z, asked again 2025-01-01T00:00:02Z",
        "CLI00000002": "since 2025-01-01T00:00:01Z, asked again 2025-01-01T00:00:02Z",
    }
    fold = rebuild(desk.disk).fold
    fold.outbox.doubts["CLI00000002"].dropping = True
    shown = readable(state_view(fold))
    assert "asked again 2025-01-01T00:00:02Z, to be given up" in shown
    assert "\n  ready               no\n" in shown
