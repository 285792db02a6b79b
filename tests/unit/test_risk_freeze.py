"""The freeze: what begins it, which causes are kept, and that only somebody may end it."""

from __future__ import annotations

import math

import pytest

from tests.unit.builders import BTC, ETH, T0_NS, a_monitor, an_intent, e9, passes
from tools.live.core.contracts_v1 import BUY, SELL, RefusalReason
from tools.live.core.errors import ContractError
from tools.live.risk.freeze import FreezeCause


def cause(found: FreezeCause | None) -> tuple[str, str | None, int | None]:
    assert found is not None
    return (found.reason, found.symbol, found.ts_ns)


def test_an_edge_below_the_threshold_freezes_with_the_published_words() -> None:
    monitor = a_monitor(threshold=3.0)
    monitor.on_edge_update(BTC, 2.4)
    assert monitor.is_frozen()
    assert monitor.last_freeze_reason == "Edge degradation: 2.40 BPS < 3.00 BPS"
    assert monitor.last_freeze_symbol == BTC
    assert monitor.freezes_total == 1


@pytest.mark.parametrize("edge", [3.0, 3.0000001, 10])
def test_an_edge_at_the_threshold_or_above_does_not_freeze(edge: float) -> None:
    monitor = a_monitor(threshold=3.0)
    monitor.on_edge_update(BTC, edge)
    assert not monitor.is_frozen()
    assert not monitor.judge_edge(BTC, e9(edge), T0_NS)


def test_one_unit_below_the_threshold_freezes() -> None:
    monitor = a_monitor(threshold=3.0)
    assert monitor.judge_edge(BTC, e9(3) - 1, T0_NS)
    assert monitor.is_frozen()


@pytest.mark.parametrize("edge", [math.nan, math.inf, -math.inf, None, "5", [1.0]])
def test_an_edge_that_is_no_finite_number_freezes(edge: float) -> None:
    monitor = a_monitor()
    monitor.on_edge_update(BTC, edge)
    assert monitor.is_frozen()
    assert monitor.last_freeze_reason == "Edge is not a finite number"
    assert monitor.last_freeze_symbol == BTC


@pytest.mark.parametrize("edge", [-1e16, -1e300, pytest.param(-(10**400), id="-10^400")])
def test_an_edge_below_every_scale_freezes_too(edge: float) -> None:
    monitor = a_monitor()
    monitor.on_edge_update(BTC, edge)
    assert monitor.is_frozen()


def test_the_first_and_the_last_cause_are_kept_with_time_and_symbol() -> None:
    monitor = a_monitor(threshold=3.0)
    monitor.judge_edge(BTC, e9("2.8"), 11)
    monitor.judge_edge(ETH, e9("2.4"), 22)
    assert cause(monitor.first_freeze) == ("Edge degradation: 2.80 BPS < 3.00 BPS", BTC, 11)
    assert cause(monitor.last_freeze) == ("Edge degradation: 2.40 BPS < 3.00 BPS", ETH, 22)
    assert monitor.freezes_total == 1


def test_freezing_again_counts_once_and_overwrites_only_the_last_cause() -> None:
    monitor = a_monitor()
    for reason, symbol in (("one", BTC), ("two", ETH), ("three", None)):
        monitor.freeze(reason, symbol)
    assert monitor.freezes_total == 1
    assert cause(monitor.first_freeze) == ("one", BTC, None)
    assert (monitor.last_freeze_reason, monitor.last_freeze_symbol) == ("three", None)


def test_a_good_edge_does_not_end_a_freeze() -> None:
    monitor = a_monitor()
    monitor.on_edge_update(BTC, 1.0)
    monitor.on_edge_update(BTC, 100.0)
    assert monitor.is_frozen()
    assert monitor.last_freeze_reason == "Edge degradation: 1.00 BPS < 1.50 BPS"


def test_a_freeze_stops_reducing_orders_too() -> None:
    monitor = a_monitor()
    monitor.on_fill(BTC, "buy", 1, 100)
    monitor.freeze("stop")
    assert monitor.why_refused(BTC, "sell", 1, 100) is RefusalReason.FROZEN
    assert not passes(monitor, an_intent(SELL))


def test_unfreezing_is_recorded_and_lets_orders_pass_again() -> None:
    monitor = a_monitor()
    monitor.freeze("stop", BTC)
    monitor.unfreeze("edge is back", "ada")
    assert not monitor.is_frozen()
    assert monitor.last_unfreeze == ("edge is back", "ada")
    assert passes(monitor, an_intent(BUY))


def test_a_second_freeze_after_an_unfreeze_has_a_first_cause_of_its_own() -> None:
    monitor = a_monitor()
    monitor.freeze("one", BTC, 1)
    monitor.unfreeze("checked", "ada")
    monitor.freeze("two", ETH, 2)
    assert cause(monitor.first_freeze) == ("two", ETH, 2)
    assert monitor.freezes_total == 2


@pytest.mark.parametrize(("reason", "actor"), [("", "ada"), ("why", ""), (" ", "ada"), ("w", "\t")])
def test_unfreezing_needs_a_reason_and_an_actor(reason: str, actor: str) -> None:
    monitor = a_monitor()
    monitor.freeze("stop")
    with pytest.raises(ContractError, match="reason and an actor"):
        monitor.unfreeze(reason, actor)
    assert monitor.is_frozen()


def test_fills_move_the_position_while_frozen() -> None:
    monitor = a_monitor()
    monitor.freeze("stop")
    monitor.on_fill(BTC, "buy", 1, 100)
    assert monitor.get_positions() == {BTC: 1.0}


@pytest.mark.parametrize("threshold", [math.nan, math.inf, "low"])
def test_a_threshold_that_is_no_number_is_an_error(threshold: float) -> None:
    with pytest.raises(ContractError, match="edge_freeze_threshold_bps"):
        a_monitor(threshold=threshold)


def test_a_threshold_may_be_negative() -> None:
    monitor = a_monitor(threshold=-2)
    monitor.on_edge_update(BTC, -2.0)
    assert not monitor.is_frozen()
    monitor.on_edge_update(BTC, -2.01)
    assert monitor.last_freeze_reason == "Edge degradation: -2.01 BPS < -2.00 BPS"
