"""A run whose exchange outlives the process: `tools.live.durable_run`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.sim.venue import SECOND, Ended, Script
from tests.unit.builders import BTC
from tests.unit.durable_desk import LIMITS, Desk, order_of, quote, states
from tools.live.audit.reconcile_facts import OnMismatch, Policy
from tools.live.core.contracts_v1 import CancelFailed, CancelOrder, PlaceOrderRequest
from tools.live.core.errors import ContractError
from tools.live.core.order import CANCELED, OPEN, PENDING, REJECTED
from tools.live.durable_run import DurableRun
from tools.live.exchange import FakeExchangeClient
from tools.live.exchange_query import Found
from tools.live.fold_state import state_of
from tools.live.journal.errors import Halted, StorageFailed
from tools.live.journal.halt import HALT, is_halted
from tools.live.journal.os_disk import OsDisk
from tools.live.journal.reader import Reader
from tools.live.journal.rederive import rederive
from tools.live.journal.replay import rebuild
from tools.live.journal.run_facts import OPENED


def test_a_new_run_is_compared_with_the_exchange_before_it_trades() -> None:
    desk = Desk()
    run = desk.open()
    assert (run.recovered, run.ready, run.halted) == (False, True, False)
    kinds = desk.topics()
    assert kinds[1] == OPENED
    assert kinds[2:] == ["run.resumed", "run.reconciled"]
    quote(run, desk)
    assert states(run) == [OPEN, OPEN]


def test_an_order_of_a_stranger_halts_before_anything_is_sent() -> None:
    desk = Desk()
    desk.venue.orders["by-hand"] = stranger = order_of("by-hand")
    run = desk.open()
    assert run.halted and not run.ready
    assert run.last_reconciliation is not None
    assert run.last_reconciliation.reason == f"reconciliation: ORPHAN order {stranger.order_id}"
    quote(run, desk)
    assert states(run) == []


def test_what_was_held_before_the_run_is_taken_as_given() -> None:
    desk = Desk()
    desk.venue.held = {BTC: 5 * 10**9}
    assert desk.open().ready
    desk.end()
    desk.venue.held = {BTC: 5 * 10**9}
    run = desk.open()
    assert run.ready and run.recovered
    desk.end()
    desk.venue.held = {BTC: 6 * 10**9}
    assert desk.open().halted


def test_every_door_is_durable_when_it_returns() -> None:
    desk = Desk()
    run = desk.open()
    doors = (
        lambda: quote(run, desk), run.on_fill, lambda: run.on_edge_update(BTC, 3.0),
        lambda: run.cancel_all("a test"), lambda: run.freeze("a test", "ada"),
        lambda: run.unfreeze("a test", "ada"), run.on_timer,
    )  # fmt: skip
    for door in doors:
        door()
        assert rebuild(desk.disk).seq == run.loop.seq
    assert isinstance(desk.disk, SimDisk)
    desk.disk.power_loss(3)
    assert rebuild(desk.disk).state_sha256


def test_an_order_is_durable_before_it_leaves() -> None:
    desk = Desk()
    run = desk.open()
    place, seen = desk.wire.place_limit, []

    def looked(req: PlaceOrderRequest) -> Any:
        seen.append(desk.topics()[-1])
        return place(req)

    desk.wire.place_limit = looked  # type: ignore[method-assign]
    quote(run, desk)
    assert seen == ["order.place", "order.place"]


def test_an_order_that_was_sent_when_the_process_ended_is_found() -> None:
    desk = Desk()
    run = desk.open(Script("ends_after"))
    with pytest.raises(Ended):
        quote(run, desk)
    desk.end()
    run = desk.open()
    assert states(run) == [OPEN, PENDING]
    assert desk.venue.accepted == ["CLI00000001"]
    assert not run.ready
    for _ in range(4):
        desk.wait(run, 6)
    assert states(run) == [OPEN, REJECTED]
    assert run.ready
    assert desk.venue.accepted == ["CLI00000001"]


def test_what_was_decided_and_not_recorded_is_recorded_and_not_sent() -> None:
    """The second order of the quote was never recorded, so it never left."""
    desk = Desk()
    run = desk.open(Script("ends_before"))
    with pytest.raises(Ended):
        quote(run, desk)
    placed = desk.topics().count("order.place")
    desk.end()
    run = desk.open()
    assert (placed, desk.topics().count("order.place")) == (1, 2)
    assert rederive(desk.disk).holds
    assert desk.wire.sent == []


def test_a_cancel_without_an_answer_is_tried_again() -> None:
    desk = Desk()
    run = desk.open(Script("ends_before_cancel"))
    quote(run, desk)
    with pytest.raises(Ended):
        run.cancel_all("a test")
    desk.end()
    run = desk.open()
    assert len(run.loop.fold.unresolved) == 2
    for _ in range(3):
        desk.wait(run, 6)
    assert states(run) == [CANCELED, CANCELED]
    assert not run.loop.fold.unresolved
    told = [one.payload() for one in Reader(desk.disk).poll() if one.topic == CancelFailed.kind]
    assert told[0]["message"] == "the process ended before an answer"


def test_a_freeze_survives_the_restart() -> None:
    desk = Desk()
    run = desk.open()
    quote(run, desk)
    run.freeze("a test", "ada")
    desk.end()
    run = desk.open()
    assert run.halted
    quote(run, desk)
    assert len(desk.venue.accepted) == 2
    run.unfreeze("looked at it", "ada")
    quote(run, desk)
    assert len(desk.venue.accepted) == 4


def test_a_run_that_was_closed_goes_on_the_same_way() -> None:
    desk = Desk()
    with desk.open() as run:
        quote(run, desk)
    seq = run.loop.seq
    with desk.open() as run:
        assert run.recovered and not run.ready  # news of orders this young may be on the way
        assert run.loop.seq > seq
        desk.wait(run, 6)
        assert run.ready
        assert states(run) == [OPEN, OPEN]
        assert run.loop.order_store.next_id == "CLI00000003"


def test_a_run_that_raised_lets_go_of_the_journal() -> None:
    desk = Desk()
    with pytest.raises(ZeroDivisionError), desk.open() as run:
        quote(run, desk)
        raise ZeroDivisionError
    assert desk.open().recovered


@pytest.mark.parametrize("question", [1, 2, 3])
def test_a_start_that_is_interrupted_lets_go_of_the_journal(question: int) -> None:
    """The first question is what was held before the run, the others are of the comparison."""
    asked: list[str] = []

    def interrupted(fault: str) -> bool:
        asked.append(fault)
        if asked.count("silent") == question:
            raise KeyboardInterrupt
        return False

    desk = Desk()
    with pytest.raises(KeyboardInterrupt):
        desk.open(interrupted)
    assert asked.count("silent") == question
    run = desk.open()
    assert run.recovered is (question > 1)
    assert run.ready and not run.halted


def test_a_disk_that_fails_cancels_what_rests_and_halts_the_folder() -> None:
    desk = Desk()
    run = desk.open()
    quote(run, desk)
    assert isinstance(desk.disk, SimDisk)
    desk.disk.faults = desk.disk.faults._replace(planted=desk.disk.ops + 1)
    with pytest.raises(StorageFailed):
        run.on_edge_update(BTC, 5.0)
    assert [order.found for order in desk.venue.orders.values()] == [Found.CANCELED] * 2
    desk.end()
    desk.disk.faults = desk.disk.faults._replace(planted=0)
    assert is_halted(desk.disk)
    with pytest.raises(Halted):
        desk.open()


def test_a_halt_by_hand_freezes_a_run_at_its_next_door(tmp_path: Path) -> None:
    desk = Desk()
    desk.disk = OsDisk(str(tmp_path))
    run = desk.open()
    quote(run, desk)
    (tmp_path / HALT).touch()
    run.on_fill()
    assert run.halted
    assert run.loop.risk_monitor.last_freeze_reason == "HALT file (operator)"
    frozen = desk.topics().count("risk.frozen")
    run.on_fill()
    assert desk.topics().count("risk.frozen") == frozen == 1
    run.close()
    with pytest.raises(Halted):
        desk.open()


def test_the_exchange_is_looked_at_again_and_again() -> None:
    desk = Desk()
    run = desk.open(reconcile_every_s=60)
    looked = desk.topics().count("run.reconciled")
    desk.wait(run, 59)
    assert desk.topics().count("run.reconciled") == looked
    desk.wait(run, 1)
    assert desk.topics().count("run.reconciled") == looked + 1
    desk.venue.orders["by-hand"] = order_of("by-hand")
    desk.wait(run, 60)
    assert run.halted


def test_an_order_that_we_canceled_and_that_rests_is_canceled_again() -> None:
    desk = Desk()
    run = desk.open(reconcile_every_s=5)
    quote(run, desk)
    run.cancel_all("a test")
    desk.venue.orders["CLI00000001"].found = Found.OPEN
    desk.wait(run, 20)
    assert desk.venue.orders["CLI00000001"].found is Found.CANCELED
    assert not run.halted
    desk.wait(run, 20)
    assert run.ready


def test_the_run_says_what_it_is_made_of() -> None:
    desk = Desk()
    desk.open(edge="computed", retain=5, fee_maker_bps="0.5", fee_taker_bps=2)
    (opened,) = (one.payload() for one in Reader(desk.disk).poll() if one.topic == OPENED)
    assert opened["about"] == {
        "exchange": {"client": "Wire"}, "edge": "markouts", "edge_freeze_threshold_bps": 1.5,
        "max_inventory_usd_per_symbol": 10_000.0, "max_total_notional_usd": 50_000.0,
        "fee_maker_bps": 0.5, "fee_taker_bps": 2.0,
    }  # fmt: skip
    assert (opened["edge"], opened["retain"]) == ("markouts", 5)
    assert json.loads(json.dumps(opened)) == opened


def test_a_run_of_the_first_measurement_goes_on_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    with monkeypatch.context() as older:
        older.setattr("tools.live.durable_run.begun_as", lambda asked: asked)
        assert desk.open(edge="computed").loop.edge == "computed"
    desk.end()
    run = desk.open(edge="computed")
    assert (run.recovered, run.loop.edge, run.loop.fold.watch) == (True, "computed", None)
    desk.end()
    with pytest.raises(ContractError, match="a run with edge 'computed', not 'scripted'"):
        desk.open()


def test_a_run_of_markouts_is_taken_up_with_what_it_watched() -> None:
    desk = Desk()
    run = desk.open(edge="computed", edge_freeze_threshold_bps=-(10**4))
    for _ in range(3):
        quote(run, desk)
        desk.now_ns += SECOND
    watched = state_of(run.loop.fold)["fold"]["edge_watch"]
    assert watched
    desk.end()
    again = desk.open(edge="computed", edge_freeze_threshold_bps=-(10**4))
    assert (again.loop.edge, again.loop.fold.markouts) == ("markouts", True)
    assert state_of(again.loop.fold)["fold"]["edge_watch"] == watched


def test_the_system_clock_and_a_folder_are_the_defaults(tmp_path: Path) -> None:
    exchange = FakeExchangeClient(0.0, 0.0)
    with DurableRun.open(str(tmp_path / "state"), exchange, **LIMITS) as run:
        assert run.ready
    assert (tmp_path / "state" / "segments").is_dir()


def test_a_foreign_order_whose_cancel_fails_is_no_exception() -> None:
    desk = Desk()
    run = desk.open()
    desk.wire.dice = Script("lost_cancel")
    run.loop.cancel_foreign("Z1")
    run.loop.cancel_foreign("Z2")
    told = [one for one in Reader(desk.disk).poll() if one.topic == CancelFailed.kind]
    assert told == []  # not durable yet: it was no door of the run
    run.on_fill()
    told = [one for one in Reader(desk.disk).poll() if one.topic == CancelFailed.kind]
    assert [one.payload()["message"] for one in told] == ["no answer", "the exchange said no"]
    assert CancelOrder.kind not in desk.topics()


def test_a_policy_can_take_the_orders_of_strangers_away() -> None:
    desk = Desk()
    desk.venue.orders["by-hand"] = order_of("by-hand")
    run = desk.open(policy=Policy(on_mismatch=OnMismatch.CANCEL))
    assert desk.venue.orders["by-hand"].found is Found.CANCELED
    assert run.ready and not run.halted
