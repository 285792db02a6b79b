"""A fold that is put away and taken up again is the fold that it was: `tools.live.fold_state`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest

from tests.unit import prop
from tests.unit.builders import (
    BTC, ETH, T0_MS, T0_NS, a_fake, a_fill, a_fold, a_loop, a_monitor, a_quote_event, e9,
    recorded, some_params,
)  # fmt: skip
from tests.unit.busy_fold import BUSY, a_busy_fold, busy_base, busy_monitor
from tests.unit.moody_world import World, a_world_monitor, operations
from tools.live.core import codec
from tools.live.connectivity import Connectivity
from tools.live.core.contracts_v1 import (
    INPUTS, Entry, Input, OrderAccepted, OrderCanceled, ParamsSet,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.core.order import Order, OrderState
from tools.live.core.retired import RetiredOrders
from tools.live.edge_modes import COMPUTED, MARKOUTS, SCRIPTED
from tools.live.fold import Fold
from tools.live.fold_state import restore, state_of
from tools.live.order_store import InMemoryOrderStore
from tools.live.outbox import Doubt, Outbox
from tools.live.portfolio.edge import EdgeTracker, Measured
from tools.live.portfolio.ledger import Holding
from tools.live.reports.snapshot import state_sha256
from tools.live.risk.exposure import Exposure
from tools.live.risk_monitor import RuntimeRiskMonitor
from tools.live.strategy.two_sided import TwoSided


class Run(NamedTuple):
    """Inputs that were recorded once, and how to build a fold for them."""

    inputs: list[Input]
    new_fold: Callable[[], Fold]


def inputs_of(entries: Sequence[Entry]) -> list[Input]:
    found = [entry.event for entry in entries if isinstance(entry.event, INPUTS)]
    return found  # type: ignore[return-value]


def a_moody_run(seed: int, retain: int | None, mode: str = COMPUTED) -> Run:
    """With `retain` the same inputs meet a store that has forgotten some orders."""
    world = World(edge=mode)
    for op in operations(seed, 50):
        world.apply(op)
    world.finish()

    def new_fold() -> Fold:
        return as_recorded(mode, InMemoryOrderStore(retain), a_world_monitor())

    return Run(inputs_of(world.line.entries), new_fold)


def a_demo_run(seed: int, retain: int | None, mode: str, steps: int) -> Run:
    loop = a_loop(
        a_fake(0.7, 0.1, 0.3, seed), demo_monitor(), edge=mode, retain=retain, now_ms=T0_MS
    )
    loop.run_shadow(some_params((BTC, ETH), steps, requote=seed % 2 == 0))

    def new_fold() -> Fold:
        return as_recorded(mode, InMemoryOrderStore(retain), demo_monitor())

    return Run(inputs_of(recorded(loop)), new_fold)


def as_recorded(mode: str, store: InMemoryOrderStore, monitor: RuntimeRiskMonitor) -> Fold:
    return Fold(store, monitor, measure_edge=mode == COMPUTED, markouts=mode == MARKOUTS)


def demo_monitor() -> RuntimeRiskMonitor:
    return a_monitor(10**6, 10**7, -(10**6), maker_bps=1, taker_bps=7)


def stepped(fold: Fold, event: Input) -> object:
    """What a step answers; what is refused changes nothing, and is refused alike."""
    try:
        return list(fold.step(event))
    except ContractError as error:
        return str(error)


def through_text(fold: Fold) -> Any:
    return codec.load_strict(codec.canonical(state_of(fold)).encode("ascii"), "the test's state")


def again(fold: Fold, new_fold: Callable[[], Fold]) -> Fold:
    """Another fold in the same state, by way of text."""
    made = new_fold()
    restore(made, through_text(fold))
    return made


def check_alike(one: Fold, other: Fold) -> None:
    """The same state, and the same in what is added up from it."""
    assert state_of(one) == state_of(other)
    assert state_sha256(one, 1, T0_NS) == state_sha256(other, 1, T0_NS)
    assert one.edge.by_symbol.keys() == other.edge.by_symbol.keys()
    for symbol, horizons in one.edge.by_symbol.items():
        for measured, expected in zip(horizons, other.edge.by_symbol[symbol], strict=True):
            assert measured.net_bps() == expected.net_bps()
    assert one.monitor.risk_ratio_p95() == other.monitor.risk_ratio_p95()
    assert one.store.count_by_state() == other.store.count_by_state()


def check_stops(run: Run, stops: Sequence[int]) -> None:
    """Stop at some inputs and go on from the text alone; nothing that follows may differ."""
    whole = run.new_fold()
    stopped: list[Fold] = []
    for place, event in enumerate(run.inputs):
        if place in stops:
            stopped.append(again(whole, run.new_fold))
        answer = stepped(whole, event)
        for fold in stopped:
            assert stepped(fold, event) == answer, f"at input {place}: {event}"
    for fold in stopped:
        check_alike(fold, whole)


def check_every_stop(run: Run) -> None:
    """Put the fold away before every single input, and take up a new one."""
    whole = run.new_fold()
    other = run.new_fold()
    for place, event in enumerate(run.inputs):
        other = again(other, run.new_fold)
        assert state_of(other) == state_of(whole), f"before input {place}"
        assert stepped(other, event) == stepped(whole, event), f"at input {place}: {event}"
    check_alike(other, whole)


def random_stops(seed: int, run: Run) -> list[int]:
    return sorted(prop.chance(seed).sample(range(len(run.inputs)), 3))


@pytest.mark.parametrize("seed", range(18))
def test_a_stop_anywhere_changes_nothing(seed: int) -> None:
    run = a_moody_run(seed, (None, 0, 3)[seed % 3], (COMPUTED, MARKOUTS)[seed % 2])
    check_every_stop(run)
    check_stops(run, random_stops(seed, run))


@pytest.mark.parametrize("retain", [None, 0, 5])
@pytest.mark.parametrize("mode", [SCRIPTED, COMPUTED, MARKOUTS])
def test_a_stop_anywhere_in_a_demo_changes_nothing(mode: str, retain: int | None) -> None:
    run = a_demo_run(1, retain, mode, 20)
    check_every_stop(run)
    check_stops(run, random_stops(1, run))


def test_a_full_window_of_measured_fills_goes_on_sliding() -> None:
    run = a_demo_run(3, 10, COMPUTED, 190)
    length = len(run.inputs)
    check_stops(run, [length // 2, length - 20])
    fold = run.new_fold()
    for event in run.inputs:
        fold.step(event)
    assert len(fold.edge.by_symbol[BTC][1].rows) == 200
    assert fold.store.retired.orders


def test_the_state_is_complete() -> None:
    """Every attribute is told, follows from what is told, or is how the fold was built.

    One that is new must be put into one of these, or a checkpoint loses it.
    """
    fold = a_busy_fold()
    built = {"store", "monitor", "measure_edge", "markouts"}
    told = {"params", "stats", "_carried_out", "edge", "watch", "edge_bps", "ack_ns", "unresolved",
            "foreign_orders", "duplicate_fills", "late_fills", "refused_fills", "outbox",
            "canceling", "ready", "adoptions", "connectivity", "rules"}  # fmt: skip
    assert vars(fold).keys() == built | told | {"strategy"}
    limits = {"max_symbol_e9", "max_total_e9", "threshold_bps_e9", "_max_symbol_e18",
              "_max_total_e18", "_caller_mark", "ledger"}  # fmt: skip
    told = {"blocks_total", "freezes_total", "refusals", "frozen", "first_freeze", "last_freeze",
            "last_unfreeze", "exposures", "outside_fills", "_ratio_counts"}  # fmt: skip
    added_up = {"_loose", "_worst_total_e18", "_held_total_e18"}
    assert vars(fold.monitor).keys() == limits | told | added_up
    assert vars(fold.monitor.ledger).keys() == {"holdings", "fee_maker_bps", "fee_taker_bps"}
    told = {"_next", "orders", "_ended", "_fills", "_newest_ended", "retired"}
    follows = {"next_id", "by_order_id", "live", "_live_by_state", "_fills_of"}
    assert vars(fold.store).keys() == {"retain"} | told | follows
    assert RetiredOrders.__slots__ == ("counts", "filled_e9", "cost_e18", "orders", "fills")
    assert vars(EdgeTracker()).keys() == {"by_symbol", "_mids"}
    assert Measured.__slots__ == (
        "horizon_ns", "rows", "waiting", "notional", "capture", "fee", "adverse",
    )  # fmt: skip
    assert len(Order.__slots__) == 14
    assert Exposure.__slots__ == (
        "holding", "buys", "sells", "bid", "ask", "mark", "worst_e18", "held_e18", "loose", "plain",
        "doubts", "stale", "rules",
    )  # fmt: skip
    assert Doubt.__slots__ == (
        "order", "since_ns", "sent_ns", "due_ns", "absent", "unheard", "alerted", "dropping",
    )  # fmt: skip
    assert vars(Connectivity()).keys() == {
        "gaps", "missing", "resyncs_started", "resyncs_finished", "losses", "silences",
    }  # fmt: skip
    assert vars(Outbox()).keys() == {"doubts", "cancels_due_ns", "cancels_tried"}
    rare = ("adoptions", "adopted", "adopted_e18", "fundings", "funding_e18")  # told where there
    assert Holding.__slots__[-5:] == rare
    assert len(Holding.__slots__) == len(state_of(fold)["ledger"][0]) + len(rare)
    assert TwoSided.__slots__ == ("base_qty", "spread_bps", "rules", "_below", "_less_above")


def test_what_is_restored_keeps_its_objects() -> None:
    fold = busy_base()
    fold.step(ParamsSet(e9(1), 0, T0_NS))
    fold.step(a_quote_event())
    held = (fold.store, fold.monitor, fold.stats, fold.monitor.ledger)
    restore(fold, BUSY)
    assert all(a is b for a, b in zip(
        held, (fold.store, fold.monitor, fold.stats, fold.monitor.ledger), strict=True
    ))  # fmt: skip
    assert state_of(fold) == BUSY
    assert fold.store.get_open_orders() == [fold.store.orders["CLI00000002"],
                                            fold.store.orders["CLI00000006"]]  # fmt: skip


def test_nothing_of_what_the_fold_was_before_stays_behind() -> None:
    used = busy_base()
    for event in (
        ParamsSet(e9(0.1), 0, T0_NS), a_quote_event(), a_quote_event(7, 9, ETH),
        OrderAccepted("CLI00000001", "X1", T0_NS), OrderCanceled("X1", T0_NS),
    ):  # fmt: skip
        used.step(event)
    assert used.monitor._loose
    assert used.store.get_by_state(OrderState.PENDING)
    restore(used, BUSY)
    new = busy_base()
    restore(new, BUSY)
    assert used.monitor._loose == new.monitor._loose == []
    assert used.monitor._worst_total_e18 == new.monitor._worst_total_e18
    assert used.store.get_by_state(OrderState.PENDING) == [used.store.orders["CLI00000008"]]


def test_a_retired_order_takes_all_its_fills_with_it() -> None:
    """Its two fills are known before the stop, and it is retired behind it."""
    fold = Fold(InMemoryOrderStore(1), busy_monitor())
    run = [
        ParamsSet(e9(0.01), 0, T0_NS), a_quote_event(),
        OrderAccepted("CLI00000001", "X1", T0_NS), OrderAccepted("CLI00000002", "X2", T0_NS),
        a_fill("X1", "F1", qty=0.004), a_fill("X1", "F2", qty=0.006),
    ]  # fmt: skip
    for event in run:
        fold.step(event)
    other = again(fold, lambda: Fold(InMemoryOrderStore(1), busy_monitor()))
    for one in (fold, other):
        one.step(OrderCanceled("X2", T0_NS))
    check_alike(other, fold)
    assert other.store.retired.fills == 2
    assert other.store._fills == other.store._fills_of == {}


def test_how_a_fold_was_built_must_fit() -> None:
    fewer = Fold(InMemoryOrderStore(2), busy_monitor(), measure_edge=True)
    with pytest.raises(ContractError, match="ended orders 3 is not at most 2, which are retained"):
        restore(fewer, BUSY)
    every = Fold(InMemoryOrderStore(), busy_monitor(), measure_edge=True)
    with pytest.raises(ContractError, match="retired orders 2 is not 0 where all orders are kept"):
        restore(every, BUSY)
    blind = Fold(InMemoryOrderStore(3), busy_monitor())
    with pytest.raises(ContractError, match="this fold does not measure the edge"):
        restore(blind, BUSY)


def test_code_that_was_plugged_in_is_no_state() -> None:
    marked = Fold(InMemoryOrderStore(), a_monitor(mark=lambda symbol: 1.0))
    clever = a_fold()

    class Clever(TwoSided):
        pass

    clever.strategy = Clever(base_qty=1, spread_bps=0)
    for fold, said in ((marked, "a gate that asks its caller"), (clever, "Clever is no strategy")):
        with pytest.raises(ContractError, match=said):
            state_of(fold)
        with pytest.raises(ContractError, match=said):
            restore(fold, BUSY)


def test_a_fold_before_its_first_input_has_a_state_too() -> None:
    empty = state_of(busy_base())
    fold = a_busy_fold()
    restore(fold, empty)
    assert state_of(fold) == empty
    assert fold.strategy is None and fold.store.next_id == "CLI00000001"
