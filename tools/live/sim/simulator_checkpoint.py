"""The whole state of a simulator as a value: taken from one, turned back into one.

Nothing in it is shared with the simulator. The books are not copied: a restored simulator books
every execution again, and must come to the cash and the positions that the checkpoint states.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from ..core.clock import Clock
from ..core.errors import ContractError
from ..core.money import positive_e9, to_e9
from ..core.record import record
from .simulator import ExecutionSimulator
from .simulator_actions import ActionType, PendingAction
from .simulator_checks import OrderValidator
from .simulator_contracts import LatencyConfig, Order, OrderExecution, OrderStatus
from .simulator_market import Sessions
from .simulator_names import check_name
from .simulator_numbers import cash_e18, exact, exact_cash, time_ns
from .simulator_text import CUSTOM, LATENCIES, latency_name, risk_data, risk_from

CHECKPOINT_VERSION = "2.0.0"

_NONE: Mapping[str, Any] = MappingProxyType({})
_OWN_ID = "exec-"


@record
class ExecutionCheckpoint:
    """What a simulator is at one moment. The first fifteen fields are those of ADR-006."""

    version: str
    simulator_id: str
    checkpoint_timestamp: datetime
    cash: Decimal
    initial_cash: Decimal
    positions: Mapping[str, Decimal]
    pending_orders: tuple[Order, ...]
    completed_orders: tuple[Order, ...]
    peak_value: Decimal | None = None
    daily_start_value: Decimal | None = None
    trading_enabled: bool = True
    slippage_bps: Decimal = Decimal(5)
    commission_per_share: Decimal = Decimal(0)
    latency_config_name: str = "INSTANT"
    risk_config_data: Mapping[str, Any] | None = None
    latency_config: LatencyConfig | None = None  # all of it, when it has no name
    arriving_orders: tuple[Order, ...] = ()
    actions: tuple[PendingAction, ...] = ()  # in the order in which they will happen
    reserved_per_share: Mapping[str, Decimal] = _NONE  # by order; absent: to be worked out
    prices: Mapping[str, Decimal] = _NONE  # the last ones
    unreported: tuple[str, ...] = ()  # executions that nobody was told of yet
    executions_total: int = 0
    opening_cash: Decimal | None = None  # None: the initial cash
    opening_positions: Mapping[str, tuple[Decimal, Decimal]] = _NONE  # quantity, price; 0: unknown
    seed: int = 1
    allow_short: bool = False
    min_order_quantity: Decimal = Decimal("0.001")
    max_order_quantity: Decimal = Decimal(1_000_000)
    symbols: tuple[str, ...] | None = None
    clock_started: bool = True  # whether the simulator had been told any time


def take_checkpoint(
    simulator: ExecutionSimulator, simulator_id: str | None = None
) -> ExecutionCheckpoint:
    """The state of a simulator now; its id may be replaced by another one."""
    desk, account, checker = simulator.desk, simulator.account, simulator.risk_checker
    name = latency_name(simulator.latency_config)
    prices = {s: exact(e.mark) for s, e in account.exposures.items() if e.mark}
    opening = simulator.opening_positions
    return ExecutionCheckpoint(
        version=CHECKPOINT_VERSION,
        simulator_id=check_name(simulator_id or simulator.simulator_id, "simulator_id"),
        checkpoint_timestamp=simulator.current_time,
        cash=simulator.cash,
        initial_cash=simulator.initial_cash,
        positions=simulator.positions,
        pending_orders=_copies(desk.pending.values()),
        completed_orders=_copies(desk.completed.values()),
        peak_value=None if checker is None else checker.peak_value,
        daily_start_value=None if checker is None else checker.daily_start_value,
        trading_enabled=checker is None or checker.trading_enabled,
        slippage_bps=simulator.slippage_bps,
        commission_per_share=simulator.commission_per_share,
        latency_config_name=name,
        risk_config_data=None if checker is None else MappingProxyType(
            risk_data(checker.risk_config)
        ),
        latency_config=simulator.latency_config if name == CUSTOM else None,
        arriving_orders=_copies(desk.arriving.values()),
        actions=tuple(desk.queue.actions),
        reserved_per_share=MappingProxyType({n: exact(u) for n, u in account.units.items()}),
        prices=MappingProxyType(prices),
        unreported=tuple(one.execution_id for one in desk.unreported),
        executions_total=desk.executed,
        opening_cash=exact_cash(simulator.opening_e18),
        opening_positions=MappingProxyType(
            {symbol: (exact(qty), exact(price)) for symbol, (qty, price) in opening.items()}
        ),
        seed=simulator.seed,
        allow_short=simulator.validator.allow_short,
        min_order_quantity=exact(simulator.validator.min_e9),
        max_order_quantity=exact(simulator.validator.max_e9),
        symbols=desk.symbols,
        clock_started=desk.now_ns is not None,
    )


def restore(
    checkpoint: ExecutionCheckpoint,
    *,
    sessions: Sessions | None = None,
    clock: Clock | None = None,
) -> ExecutionSimulator:
    """A simulator that goes on where the checkpoint was taken; ContractError when it cannot be.

    Sessions and a clock are no data: who had some must give them again.
    """
    if checkpoint.version != CHECKPOINT_VERSION:
        raise ContractError(
            f"Checkpoint version {checkpoint.version} incompatible with current version"
            f" {CHECKPOINT_VERSION}; load it from its file, which brings it up to date"
        )
    latency = checkpoint.latency_config or LATENCIES.get(checkpoint.latency_config_name)
    if latency is None:
        raise ContractError(
            f"latency_config_name {checkpoint.latency_config_name!r:.60} is not known and the"
            " checkpoint holds no latency_config"
        )
    risk = checkpoint.risk_config_data
    simulator = ExecutionSimulator(
        checkpoint.initial_cash,
        checkpoint.slippage_bps,
        checkpoint.commission_per_share,
        latency,
        None if risk is None else risk_from(risk),
        checkpoint.simulator_id,
        seed=checkpoint.seed,
        symbols=checkpoint.symbols,
        sessions=sessions,
        validator=OrderValidator(
            checkpoint.min_order_quantity, checkpoint.max_order_quantity,
            allow_short=checkpoint.allow_short,
        ),
        clock=clock,
    )  # fmt: skip
    now = time_ns(checkpoint.checkpoint_timestamp, "checkpoint_timestamp")
    if checkpoint.clock_started:
        simulator.desk.now_ns = now
    _restore_books(simulator, checkpoint)
    _restore_orders(simulator, checkpoint, now)
    _restore_risk(simulator, checkpoint)
    return simulator


def executions_in_order(orders: Iterable[Order]) -> Iterator[tuple[Order, OrderExecution]]:
    """Every execution of the orders in the order in which they happened.

    Foreign ids say nothing about it, so they keep the order in which they are listed.
    """
    rows = [
        (time_ns(one.timestamp, "timestamp"), _own_number(one.execution_id), place, order, one)
        for place, (order, one) in enumerate((o, e) for o in orders for e in o.executions)
    ]
    rows.sort(key=lambda row: row[:3])
    for row in rows:
        yield row[3], row[4]


def _own_number(execution_id: str) -> int:
    digits = execution_id.removeprefix(_OWN_ID)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else 0


def _copies(orders: Iterable[Order]) -> tuple[Order, ...]:
    return tuple(order.copy() for order in orders)


def _restore_books(simulator: ExecutionSimulator, checkpoint: ExecutionCheckpoint) -> None:
    account = simulator.account
    if checkpoint.opening_cash is not None:
        simulator.opening_e18 = cash_e18(checkpoint.opening_cash, "opening_cash")
    account.cash_e18 = simulator.opening_e18
    for symbol, (qty, price) in checkpoint.opening_positions.items():
        opened = to_e9(qty, "opening position"), to_e9(price, "opening price")
        simulator.opening_positions[symbol] = opened
        account.adopt(symbol, *opened)
    orders = (*checkpoint.completed_orders, *checkpoint.pending_orders)
    for order, execution in executions_in_order(orders):
        account.book(
            order.side, order.symbol, to_e9(execution.quantity, "quantity"),
            to_e9(execution.price, "price"), cash_e18(execution.commission, "commission"),
        )  # fmt: skip
    for symbol, price in checkpoint.prices.items():
        account.mark(symbol, positive_e9(price, "price"))
    if simulator.cash != checkpoint.cash:
        raise ContractError(
            f"the checkpoint states cash {checkpoint.cash}, but its executions come to"
            f" {simulator.cash}"
        )
    if simulator.positions != checkpoint.positions:
        raise ContractError(
            f"the checkpoint states positions {dict(checkpoint.positions)!r:.200}, but its"
            f" executions come to {dict(simulator.positions)!r:.200}"
        )


def _restore_orders(
    simulator: ExecutionSimulator, checkpoint: ExecutionCheckpoint, now: int
) -> None:
    desk = simulator.desk
    told: dict[str, OrderExecution] = {}
    for orders, keep in (
        (checkpoint.completed_orders, desk.completed), (checkpoint.arriving_orders, desk.arriving),
        (checkpoint.pending_orders, desk.pending),
    ):  # fmt: skip
        for order in _copies(orders):
            if desk.find(order.order_id) is not None:
                raise ContractError(f"order {order.order_id!r:.80} is there twice")
            if (keep is desk.completed) is not order.is_complete() or (
                (keep is desk.arriving) is not (order.status is OrderStatus.NEW)
            ):
                raise ContractError(f"order {order.order_id!r:.80} is {order.status}, out of place")
            order.kept = True
            keep[order.order_id] = order
            told.update((one.execution_id, one) for one in order.executions)
    for action in checkpoint.actions:
        _check_action(simulator, action, now)
        desk.queue.add_action(action)
    for order in desk.arriving.values():
        if not desk.queue.get_pending_for_order(order.order_id):
            raise ContractError(
                f"order {order.order_id!r:.80} is new, and nothing says when it arrives"
            )
    for order in list(desk.pending.values()):
        desk.take_up(order)
    for order in [*desk.pending.values(), *desk.arriving.values()]:
        _restore_reserve(simulator, checkpoint, order, now)
    account = simulator.account
    if account.reserved_e18 > max(account.cash_e18, 0):
        raise ContractError(
            f"open orders hold back {simulator.reserved_cash}, more than the cash of"
            f" {simulator.cash}"
        )
    desk.executed = checkpoint.executions_total
    unknown = [name for name in checkpoint.unreported if name not in told]
    if unknown:
        raise ContractError(f"unreported execution {unknown[0]!r:.80} is of no order")
    desk.unreported = [told[name] for name in checkpoint.unreported]


def _check_action(simulator: ExecutionSimulator, action: PendingAction, now: int) -> None:
    desk, name = simulator.desk, f"{action.order_id!r:.80}"
    places = {
        ActionType.SUBMIT: (desk.arriving,), ActionType.FILL: (desk.pending,),
        ActionType.CANCEL: (desk.pending, desk.arriving),
    }[action.action_type]  # fmt: skip
    if not any(action.order_id in orders for orders in places):
        raise ContractError(f"a {action.action_type} of {name} has no such order")
    if desk.queue.has(action.order_id, action.action_type):
        raise ContractError(f"order {name} has two {action.action_type} actions")
    if time_ns(action.scheduled_time, "scheduled_time") <= now:
        raise ContractError(f"a {action.action_type} of {name} was due by the checkpoint's time")
    if action.action_type is ActionType.FILL:
        qty = action.data["quantity"]
        if to_e9(qty, "quantity") > desk.pending[action.order_id].leaves_e9:
            raise ContractError(f"a fill of {qty} is more than order {name} has left")


def _restore_reserve(
    simulator: ExecutionSimulator, checkpoint: ExecutionCheckpoint, order: Order, now: int
) -> None:
    """Hold back what an order held back; what was never held back is judged anew."""
    account, desk = simulator.account, simulator.desk
    if order.order_id in checkpoint.reserved_per_share:
        unit = to_e9(checkpoint.reserved_per_share[order.order_id], "reserved_per_share")
        return account.reserve(order, unit)
    unit = account.unit(order)
    exposure = account.exposure(order.symbol)
    refusal = simulator.validator.refusal(
        order, account.free_e18, exposure.holding.qty - exposure.sells, unit
    )
    account.reserve(order, unit)
    if refusal is not None:
        desk.refuse(order, now, refusal)


def _restore_risk(simulator: ExecutionSimulator, checkpoint: ExecutionCheckpoint) -> None:
    checker, value = simulator.risk_checker, simulator.account.value_e18
    if checker is None:
        return
    stated = simulator.cash if value is None else exact_cash(value)
    peak, daily = checkpoint.peak_value, checkpoint.daily_start_value
    checker.peak_value = stated if peak is None else peak
    checker.daily_start_value = stated if daily is None else daily
    checker.trading_enabled = checkpoint.trading_enabled
