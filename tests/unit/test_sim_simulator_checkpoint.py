"""Checkpoints of the paper-trading simulator: as values, as text, and those of version 1.0.0."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.simulator_builders import NOON, a_simulator, after, an_execution, an_order
from tests.unit.simulator_states import (
    RULES, a_busy_one, an_old_fill, an_old_one, an_old_order, resealed,
)  # fmt: skip
from tools.live.core.errors import ContractError
from tools.live.core.record import fields_of
from tools.live.sim.simulator_actions import ActionType, PendingAction
from tools.live.sim.simulator_checkpoint import (
    CHECKPOINT_VERSION, ExecutionCheckpoint, executions_in_order, restore, take_checkpoint,
)  # fmt: skip
from tools.live.sim.simulator_checkpoint_text import deserialize_checkpoint, serialize_checkpoint
from tools.live.sim.simulator_contracts import (
    LATENCY_NORMAL, LATENCY_SLOW, OrderStatus, RejectionReason,
)  # fmt: skip
from tools.live.sim.simulator_limits import RiskConfig
from tools.live.sim.simulator_migrations import MIGRATIONS
from tools.live.sim.simulator_text import (
    action_from, latency_name, order_data, order_from, risk_data, risk_from,
)  # fmt: skip

FIRST = [
    "version", "simulator_id", "checkpoint_timestamp", "cash", "initial_cash", "positions",
    "pending_orders", "completed_orders", "peak_value", "daily_start_value", "trading_enabled",
    "slippage_bps", "commission_per_share", "latency_config_name", "risk_config_data",
]  # fmt: skip
def from_text(told: dict[str, Any]) -> ExecutionCheckpoint:
    return deserialize_checkpoint(json.loads(json.dumps(told)))


def test_the_first_fields_are_those_of_the_adr() -> None:
    assert list(fields_of(ExecutionCheckpoint))[:15] == FIRST
    assert CHECKPOINT_VERSION == "2.0.0"


def test_a_checkpoint_survives_text() -> None:
    one = a_busy_one()
    checkpoint = take_checkpoint(one)
    assert [str(action.action_type) for action in checkpoint.actions].count("fill") == 2
    assert len(checkpoint.unreported) == 0 and len(checkpoint.arriving_orders) == 1
    told = from_text(serialize_checkpoint(checkpoint))
    assert told == checkpoint
    assert take_checkpoint(restore(told)) == checkpoint


def test_restored_orders_are_their_simulators_to_change() -> None:
    twin = restore(take_checkpoint(a_busy_one()))
    for order in [*twin.pending_orders.values(), *twin.arriving_orders.values()]:
        with pytest.raises(ContractError, match="alone books its executions"):
            order.add_execution(an_execution(1))


def test_what_nobody_was_told_of_is_told_after_a_restore() -> None:
    one = a_simulator(latency_config=LATENCY_NORMAL)
    one.submit_order(an_order(), NOON)
    one.process_market_data("SPY", 10, after(60))
    one.submit_order(an_order("o2"), after(900))
    checkpoint = take_checkpoint(one)
    assert checkpoint.unreported == ("exec-00000001",)
    twin = restore(from_text(serialize_checkpoint(checkpoint)))
    assert twin.process_until(after(900)) == one.process_until(after(900)) != []


def test_a_simulator_that_knows_no_time_is_restored_without_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MM_FREEZE_UTC_ISO", "2026-01-06T00:00:00Z")
    twin = restore(take_checkpoint(a_simulator()))
    assert twin.submit_order(an_order(), NOON).submitted_at == NOON


def test_a_checkpoint_may_be_given_another_name() -> None:
    checkpoint = take_checkpoint(a_simulator(), "copy")
    assert restore(checkpoint).simulator_id == "copy"
    with pytest.raises(ContractError, match="simulator_id"):
        take_checkpoint(a_simulator(), "a/b")


def test_executions_are_put_in_the_order_in_which_they_happened() -> None:
    names = ["exec-00000010", "exec-00000009", "mine", "exec-x"]
    order = an_order(quantity=40)
    for name in names:
        order.add_execution(an_execution(name=name))
    assert [one.execution_id for _, one in executions_in_order([order])] == [
        "mine", "exec-x", "exec-00000009", "exec-00000010",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"version": "9.0.0"}, "version '9.0.0' incompatible with current version 2.0.0"),
        ({"version": None}, "version None incompatible"),
        ({"cash": "1"}, "states cash 1, but its executions come to"),
        ({"positions": {"SPY": "4"}}, "states positions .*, but its executions come to"),
        ({"cash": 5}, "cash 5 is not digits as text"),
        ({"cash": None}, "cash None is not digits"),
        ({"slippage_bps": 5}, "slippage_bps 5 is not digits as text"),
        ({"trading_enabled": 1}, "trading_enabled 1 is not true or false"),
        ({"executions_total": -1}, "executions_total -1 is not a whole number"),
        ({"executions_total": True}, "executions_total True is not a whole number"),
        ({"seed": "1"}, "seed '1' is no whole number"),
        ({"simulator_id": "../x"}, "simulator_id '../x' is no name"),
        ({"checkpoint_timestamp": "now"}, "checkpoint_timestamp 'now' is no time"),
        ({"latency_config_name": "QUICK"}, "latency_config_name 'QUICK' is not one of INSTANT"),
        ({"latency_config_name": ""}, "latency_config_name '' is not text"),
        ({"latency_config": None}, "the checkpoint holds no latency_config"),
        ({"latency_config": {}}, "latency_config_data lacks submission_latency_us"),
        ({"opening_positions": {"X": ["3"]}}, "opening position of 'X' is no quantity with a"),
        ({"opening_positions": {"X": "3"}}, "opening position '3' is not a list"),
        ({"pending_orders": {}}, "pending_orders {} is not a list"),
        ({"pending_orders": [{}]}, "order lacks order_id"),
        ({"prices": []}, r"prices \[\] is not an object"),
        ({"prices": {"SPY": "0"}}, "price .* must be above 0"),
        ({"unreported": ["exec-7"]}, "unreported execution 'exec-7' is of no order"),
        ({"reserved_per_share": {"o1": "9000"}}, "open orders hold back .*, more than the cash"),
        ({"risk_config_data": {"trading_enabled": True, "x": 1}}, "risk_config_data has 'x'"),
        ({"more": 1}, "checkpoint has 'more', which nobody knows"),
        ({"symbols": [""]}, "symbol '' is not text"),
    ],
)
def test_a_checkpoint_that_cannot_be_is_refused(changes: dict[str, Any], match: str) -> None:
    told = serialize_checkpoint(take_checkpoint(a_busy_one()))
    with pytest.raises(ContractError, match=match):
        restore(from_text(resealed(told, **changes)))


def test_a_checkpoint_that_was_changed_is_known_as_damaged() -> None:
    told = serialize_checkpoint(take_checkpoint(a_busy_one()))
    for changed in ({**told, "seed": 10}, {**told, "sha256": "0" * 64}, {**told, "sha256": None}):
        with pytest.raises(ContractError, match="damaged: its sha256 is of other content"):
            from_text(changed)


def test_a_version_of_another_time_is_not_restored() -> None:
    made = {name: getattr(take_checkpoint(a_simulator()), name) for name in FIRST}
    with pytest.raises(ValueError, match="Checkpoint version 1.0.0 incompatible with current"):
        restore(ExecutionCheckpoint(**{**made, "version": "1.0.0"}))


def out_of_place(**changes: Any) -> ExecutionCheckpoint:
    checkpoint = take_checkpoint(a_busy_one())
    made = {name: getattr(checkpoint, name) for name in fields_of(checkpoint)}
    return ExecutionCheckpoint(**{**made, **changes})


def test_orders_and_actions_must_be_in_their_places() -> None:
    checkpoint = take_checkpoint(a_busy_one())
    pending, arriving = checkpoint.pending_orders, checkpoint.arriving_orders
    with pytest.raises(ContractError, match="order 'o3' is there twice"):
        restore(out_of_place(pending_orders=(*pending, pending[-1])))
    with pytest.raises(ContractError, match="order 'o4' is new, out of place"):
        restore(out_of_place(pending_orders=(*pending, *arriving), arriving_orders=()))
    with pytest.raises(ContractError, match="order 'o4' is new, out of place"):
        done = (*checkpoint.completed_orders, *arriving)
        restore(out_of_place(completed_orders=done, arriving_orders=()))
    with pytest.raises(ContractError, match="order 'o3' is submitted, out of place"):
        restore(out_of_place(arriving_orders=pending[-1:], pending_orders=pending[:-1]))
    stray = PendingAction(ActionType.SUBMIT, "o1", after(99))
    with pytest.raises(ContractError, match="a submit of 'o1' has no such order"):
        restore(out_of_place(actions=(stray,)))
    cancel = PendingAction(ActionType.CANCEL, "o1", after(99))
    with pytest.raises(ContractError, match="order 'o1' has two cancel actions"):
        restore(out_of_place(actions=(cancel, cancel)))
    with pytest.raises(ContractError, match="order 'o4' is new, and nothing says when it arrives"):
        restore(out_of_place(actions=()))
    late = PendingAction(ActionType.CANCEL, "o1", after(31))
    with pytest.raises(ContractError, match="a cancel of 'o1' was due by the checkpoint's time"):
        restore(out_of_place(actions=(late,)))
    much = PendingAction(ActionType.FILL, "o1", after(99), {"quantity": "5.1"})
    with pytest.raises(ContractError, match="a fill of 5.1 is more than order 'o1' has left"):
        restore(out_of_place(actions=(much,)))


def test_an_opening_that_is_not_stated_is_the_initial_cash() -> None:
    checkpoint = take_checkpoint(a_simulator())
    made = {name: getattr(checkpoint, name) for name in fields_of(checkpoint)}
    assert restore(ExecutionCheckpoint(**{**made, "opening_cash": None})).cash == 10_000


@pytest.mark.parametrize(
    ("told", "match"),
    [
        ({"action_type": "wait"}, "action_type 'wait' is not one of submit, fill, cancel"),
        ({"order_id": ""}, "order_id '' is not text"),
        ({"data": {}}, "action data lacks quantity"),
        ({"data": {"quantity": "0"}}, "quantity '0' must be above 0"),
        ({"action_type": "submit"}, "action data has 'quantity'"),
        ({"data": {1: 2}}, "action data .* is not an object"),
    ],
)
def test_what_is_no_action(told: dict[str, Any], match: str) -> None:
    good = {
        "action_type": "fill", "order_id": "o1", "scheduled_time": NOON.isoformat(),
        "data": {"quantity": "5"},
    }  # fmt: skip
    assert action_from(good).data == {"quantity": "5"}
    with pytest.raises(ContractError, match=match):
        action_from({**good, **told})


def test_orders_survive_text() -> None:
    one = a_busy_one()
    for order in [*one.pending_orders.values(), *one.completed_orders.values()]:
        assert order_from(json.loads(json.dumps(order_data(order)))) == order
    assert set(order_data(an_order())) >= {
        "order_id", "symbol", "side", "order_type", "quantity", "created_at", "status",
        "limit_price", "submitted_at", "filled_quantity", "avg_fill_price", "total_commission",
        "executions", "rejected_at", "rejection_reason", "rejection_message", "cancelled_at",
    }  # fmt: skip
    with pytest.raises(ContractError, match="symbol 5 is not text"):
        order_from({**order_data(an_order()), "symbol": 5})
    with pytest.raises(ContractError, match="limit_price 5 is not digits"):
        order_from({**order_data(an_order()), "limit_price": 5})


def test_names_of_latencies_and_limits() -> None:
    assert latency_name(LATENCY_SLOW) == "SLOW"
    assert risk_from(risk_data(RULES)) == RULES
    assert risk_data(RiskConfig()) == {"trading_enabled": True}
    assert risk_data(RULES)["drawdown_limit"] == {
        "max_daily_drawdown_pct": None, "max_total_drawdown_pct": "7.5",
    }  # fmt: skip


# Version 1.0.0.


def test_the_form_of_version_1_loads() -> None:
    assert list(MIGRATIONS) == ["1.0.0"]
    checkpoint = from_text(an_old_one())
    assert checkpoint.version == CHECKPOINT_VERSION
    one = restore(checkpoint)
    assert one.cash == Decimal("9394.6654321099") and one.initial_cash == 10_000
    assert one.positions == {"OLD": 3, "SPY": 6}
    assert one.opening_positions == {"OLD": (3 * 10**9, 0)}
    assert [order.order_id for order in one.pending_orders.values()] == ["d"]
    stuck = one.get_order("c")
    assert stuck is not None and stuck.rejection_reason is RejectionReason.INSUFFICIENT_FUNDS
    assert list(one.completed_orders) == ["a", "b", "c"]
    assert one.account.price("SPY") == 100_123_456_789  # of the later one, rounded
    assert one.reserved_cash == 900 and one.slippage_bps == 5
    assert one.process_market_data("SPY", 90, after(20))[0].execution_id == "exec-00000001"
    assert from_text(serialize_checkpoint(take_checkpoint(one))) == take_checkpoint(one)


def test_of_two_executions_at_one_time_the_later_one_tells_the_price() -> None:
    fills = [an_old_fill("a", "4", "10"), an_old_fill("a", "6", "20")]
    order = an_old_order("a", status="filled", executions=fills)
    one = restore(from_text(an_old_one(completed_orders=[order], pending_orders=[])))
    assert one.account.price("SPY") == 20 * 10**9


def test_version_1_with_its_optional_fields() -> None:
    limits = {"trading_enabled": True, "position_limit": {"max_shares": "20", "max_value": None}}
    one = restore(from_text(an_old_one(
        peak_value="12000.5", daily_start_value=None, trading_enabled=False, slippage_bps="7",
        commission_per_share="0.00000000004", latency_config_name="SLOW", risk_config_data=limits,
    )))  # fmt: skip
    checker = one.risk_checker
    assert checker is not None and not checker.trading_enabled
    assert checker.peak_value == Decimal("12000.5")
    assert checker.daily_start_value == one.cash  # nobody knows what OLD is worth
    assert (one.slippage_bps, one.commission_per_share) == (7, 0)
    assert one.latency_config == LATENCY_SLOW
    empty = from_text(an_old_one(risk_config_data=limits, positions={"SPY": "6"}))
    valued = restore(empty).risk_checker
    assert valued is not None and valued.peak_value == Decimal("9995.4061728439")


def test_what_version_1_accepted_and_cannot_be_covered_is_refused_when_it_is_restored() -> None:
    pending = [
        an_old_order("s1", side="sell", quantity="6"), an_old_order("s2", side="sell"),
        an_old_order("b1", quantity="90"), an_old_order("b2", quantity="10"),
        an_old_order("st", order_type="stop"), an_old_order("b3", symbol="NEW", quantity="10"),
    ]  # fmt: skip
    one = restore(from_text(an_old_one(pending_orders=pending)))
    assert list(one.pending_orders) == ["s1", "b1", "b3"]
    reasons = {o.order_id: str(o.rejection_reason) for o in one.completed_orders.values()}
    assert reasons["s2"] == "invalid_quantity"
    assert reasons["b2"] == "insufficient_funds"
    assert reasons["st"] == "unknown"
    assert one.completed_orders["s2"].status is OrderStatus.REJECTED
    assert one.completed_orders["s2"].rejected_at == after(10)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"simulator_id": "a/b"}, "simulator_id 'a/b' is no name"),
        ({"cash": "x"}, "cash 'x' is not a number"),
        ({"positions": []}, r"positions \[\] is not an object"),
        ({"extra": 1}, "checkpoint has 'extra'"),
        ({"completed_orders": [{"order_id": "x"}]}, "order lacks symbol"),
    ],
)
def test_version_1_is_read_strictly_as_well(changes: dict[str, Any], match: str) -> None:
    with pytest.raises(ContractError, match=match):
        from_text(an_old_one(**changes))
