"""The paper-trading simulator of ADR-006: orders in, prices in, executions out.

    simulator = ExecutionSimulator(initial_cash=100_000, latency_config=LATENCY_FAST, seed=7)
    simulator.submit_order(order, timestamp=noon)
    executions = simulator.process_market_data("SPY", 450, noon + timedelta(seconds=1))

It needs no loop and no journal. Inside it is made of the same parts as the rest of the house: the
lifecycle table of `core/order.py`, the `Ledger`, and what open orders can become is an `Exposure`
of the gate. Outside it speaks Decimal and naive datetimes in UTC.

Time comes from the arguments alone and never goes back; without one it is the simulator's present
time. What is due happens at its own time and at the price in force then: the last one that came no
later. An execution is reported by the `process_market_data` that comes behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import overload

from ..core.clock import Clock, environment_clock
from ..core.errors import ContractError
from ..core.money import BPS, SCALE, Number, not_negative_e9, positive_e9, to_e9
from .simulator_account import Account
from .simulator_actions import PendingActionQueue
from .simulator_checks import OrderValidator
from .simulator_contracts import (
    LATENCY_INSTANT, LatencyConfig, Order, OrderExecution, OrderStatus,
)  # fmt: skip
from .simulator_desk import Desk
from .simulator_limits import RiskConfig
from .simulator_market import Sessions
from .simulator_names import check_name, check_seed
from .simulator_numbers import NS_PER_US, exact, exact_cash, moment, time_ns
from .simulator_risk import RiskChecker

Volume = Number | Mapping[str, Number] | None


class ExecutionSimulator:
    """One paper account: its cash, its positions, its orders and what is on its way."""

    def __init__(
        self,
        initial_cash: Number,
        slippage_bps: Number = 5,
        commission_per_share: Number = 0,
        latency_config: LatencyConfig = LATENCY_INSTANT,
        risk_config: RiskConfig | None = None,
        simulator_id: str | None = None,
        *,
        seed: int = 1,
        allow_short: bool = False,
        initial_positions: Mapping[str, Number] | None = None,
        initial_prices: Mapping[str, Number] | None = None,
        symbols: Iterable[str] | None = None,
        sessions: Sessions | None = None,
        validator: OrderValidator | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.simulator_id = check_name(
            "sim-%08d" % check_seed(seed) if simulator_id is None else simulator_id, "simulator_id"
        )
        self.initial_e18 = not_negative_e9(initial_cash, "initial_cash") * SCALE
        slippage = not_negative_e9(slippage_bps, "slippage_bps")
        if slippage >= BPS * SCALE:
            raise ContractError(f"slippage_bps {slippage_bps!r} must be below {BPS}")
        self.account = Account(
            self.initial_e18,
            slippage_bps_e9=slippage,
            commission_e9=not_negative_e9(commission_per_share, "commission_per_share"),
        )
        self.desk = Desk(
            self.account,
            seed=check_seed(seed),
            latency=latency_config,
            validator=validator or OrderValidator(allow_short=allow_short),
            risk_checker=None if risk_config is None else RiskChecker(risk_config),
            sessions=sessions,
            symbols=None if symbols is None else tuple(symbols),
        )
        self.opening_e18 = self.initial_e18
        self.opening_positions: dict[str, tuple[int, int]] = {}  # quantity, price
        self._clock = clock
        self._told: tuple[datetime | None, int] = (None, 0)  # the last timestamp, and its meaning
        self._open_with(initial_positions or {}, initial_prices or {})

    def _open_with(self, positions: Mapping[str, Number], prices: Mapping[str, Number]) -> None:
        for symbol, price in prices.items():
            self.account.mark(symbol, positive_e9(price, f"initial price of {symbol!r:.60}"))
        for symbol, told in positions.items():
            qty = to_e9(told, f"initial position of {symbol!r:.60}")
            self.opening_positions[symbol] = qty, self.account.price(symbol)
            self.account.adopt(symbol, *self.opening_positions[symbol])
        value = self.account.value_e18
        if self.risk_checker is not None and value is not None:
            self.risk_checker.update_state(exact_cash(value), is_new_day=True)

    # What people ask.

    @property
    def cash(self) -> Decimal:
        """All cash, what open orders hold back included."""
        return exact_cash(self.account.cash_e18)

    @property
    def reserved_cash(self) -> Decimal:
        """What open buys hold back: their worst case with slippage and commission."""
        return exact_cash(self.account.reserved_e18)

    @property
    def available_cash(self) -> Decimal:
        """What a new order may spend."""
        return exact_cash(self.account.free_e18)

    @property
    def initial_cash(self) -> Decimal:
        return exact_cash(self.initial_e18)

    @property
    def slippage_bps(self) -> Decimal:
        return exact(self.account.slippage_bps_e9)

    @property
    def commission_per_share(self) -> Decimal:
        return exact(self.account.commission_e9)

    @property
    def seed(self) -> int:
        return self.desk.seed

    @property
    def validator(self) -> OrderValidator:
        return self.desk.validator

    @property
    def risk_checker(self) -> RiskChecker | None:
        """The limits at work; None without a `risk_config`."""
        return self.desk.risk_checker

    @property
    def action_queue(self) -> PendingActionQueue:
        """What is on its way."""
        return self.desk.queue

    @property
    def latency_config(self) -> LatencyConfig:
        """How long things take from now on; it may be set at any time."""
        return self.desk.latency

    @latency_config.setter
    def latency_config(self, latency: LatencyConfig) -> None:
        self.desk.latency = latency

    @property
    def current_time(self) -> datetime:
        """The newest time that the simulator was told; the clock's before there is any."""
        return moment(self._time(None))

    @property
    def positions(self) -> Mapping[str, Decimal]:
        """Signed quantities of what is held; to begin with some, give `initial_positions`."""
        holdings = self.account.ledger.holdings
        held = {name: exact(holdings[name].qty) for name in holdings if holdings[name].qty}
        return MappingProxyType(held)

    @property
    def arriving_orders(self) -> Mapping[str, Order]:
        """NEW orders, on their way to the market."""
        return MappingProxyType(self.desk.arriving)

    @property
    def pending_orders(self) -> Mapping[str, Order]:
        """Orders in the market that may still fill."""
        return MappingProxyType(self.desk.pending)

    @property
    def completed_orders(self) -> Mapping[str, Order]:
        """Orders that were filled, refused or canceled."""
        return MappingProxyType(self.desk.completed)

    def get_order(self, order_id: str) -> Order | None:
        """An order of this simulator, wherever it stands."""
        return self.desk.find(order_id)

    def get_position(self, symbol: str) -> Decimal:
        """The signed quantity that is held, 0 for a symbol that never traded."""
        return exact(self.account.held(symbol))

    def get_account_value(self, current_prices: Mapping[str, Number] | None = None) -> Decimal:
        """Cash and positions at these prices, else at the last ones; without any they count 0."""
        value = self.account.cash_e18
        given = current_prices or {}
        for symbol, holding in self.account.ledger.holdings.items():
            price = self.account.price(symbol)
            if symbol in given:
                price = not_negative_e9(given[symbol], f"price of {symbol!r:.60}")
            value += holding.qty * price
        return exact_cash(value)

    def enable_trading(self) -> None:
        """Clear the kill switch, if there are risk controls."""
        if self.risk_checker is not None:
            self.risk_checker.enable_trading()

    def disable_trading(self) -> None:
        """Pull the kill switch, if there are risk controls; what is open may still fill."""
        if self.risk_checker is not None:
            self.risk_checker.disable_trading()

    def reset_daily_risk_tracking(self) -> None:
        """A new day begins with what the account is worth at the last prices."""
        if self.risk_checker is None:
            return
        value = self.account.value_e18
        if value is None:
            unknown = ", ".join(self.account.unpriced)
            raise ContractError(f"no price of {unknown:.80} is known; send one, then reset the day")
        self.risk_checker.reset_daily_tracking(exact_cash(value))

    # What people do.

    def submit_order(self, order: Order, timestamp: datetime | None = None) -> Order:
        """Place an order: limits, then checks, then it is on its way; the same object comes back.

        A refusal is a REJECTED order with a reason, kept among the completed ones; but for one
        whose id is taken, which is handed back and not kept.
        """
        now = self._time(timestamp)
        if self.desk.find(order.order_id) is order:
            order = order.again()
        if order.status is not OrderStatus.NEW or order.filled_e9 or order.kept:
            raise ContractError(
                f"order {order.order_id!r} is {order.status} already; only a NEW one is submitted"
            )
        self.desk.submit(order, now)
        return order

    def cancel_order(self, order_id: str, timestamp: datetime | None = None) -> Order | None:
        """Cancel an order that is open or on its way; None when there is no such order.

        A fill that waits for its time is dropped at once; until the cancel arrives, a new price
        may still fill the order.
        """
        return self.desk.cancel(order_id, self._time(timestamp))

    @overload
    def process_market_data(
        self, symbol: str, price: Number, timestamp: datetime | None = None, *,
        volume: Number | None = None,
    ) -> list[OrderExecution]: ...  # fmt: skip

    @overload
    def process_market_data(
        self, symbol: datetime, price: Mapping[str, Number], *,
        volume: Mapping[str, Number] | None = None,
    ) -> list[OrderExecution]: ...  # fmt: skip

    @overload
    def process_market_data(
        self, *, current_time: datetime, prices: Mapping[str, Number],
        volume: Mapping[str, Number] | None = None,
    ) -> list[OrderExecution]: ...  # fmt: skip

    def process_market_data(
        self,
        symbol: str | datetime | None = None,
        price: Number | Mapping[str, Number] | None = None,
        timestamp: datetime | None = None,
        *,
        volume: Volume = None,
        current_time: datetime | None = None,
        prices: Mapping[str, Number] | None = None,
    ) -> list[OrderExecution]:
        """New prices: `(symbol, price, timestamp)`, or `(time, {symbol: price})` for many at once.

        With `volume`, no more than that trades of the symbol at this price, the oldest order first.
        Returns every execution since the last call: of what came due meanwhile, and of this price.
        """
        if symbol is None:
            symbol, price = current_time, prices
        elif current_time is not None or prices is not None:
            raise ContractError("give (symbol, price, timestamp) or (current_time, prices)")
        if symbol is None or isinstance(symbol, datetime):
            now, told = self._time(symbol), price
            if timestamp is not None:
                raise ContractError("give the time once: (time, {symbol: price})")
        else:
            now, told = self._time(timestamp), {symbol: price}  # type: ignore[dict-item]
            volume = None if volume is None else {symbol: volume}  # type: ignore[dict-item]
        marks = _scaled(told, "price", positive_e9)
        volumes = _scaled({} if volume is None else volume, "volume", not_negative_e9)
        self.desk.hear(marks, volumes, now)
        return self.desk.report()

    def process_until(self, timestamp: datetime) -> list[OrderExecution]:
        """Let time pass without news: what is due by then happens at the last prices."""
        self.desk.run_until(self._time(timestamp))
        return self.desk.report()

    def _time(self, timestamp: datetime | None) -> int:
        present = self.desk.now_ns
        if timestamp is None:
            if present is not None:
                return present
            return (self._clock or environment_clock()).now_ns() // NS_PER_US * NS_PER_US
        now = self._told[1] if timestamp is self._told[0] else time_ns(timestamp, "timestamp")
        self._told = timestamp, now
        if present is not None and now < present:
            raise ContractError(
                f"timestamp {moment(now).isoformat()} is before the simulator's present time"
                f" {moment(present).isoformat()}; send what happened in its order"
            )
        return now


def _scaled(told: object, what: str, convert: Callable[[Number, str], int]) -> dict[str, int]:
    """Symbols and integers, in the order of their names, so that no order of keys matters."""
    if not isinstance(told, Mapping):
        raise ContractError(f"{what}s {told!r:.60} are no mapping; give {{symbol: {what}}}")
    for name in told:
        if not isinstance(name, str) or not name:
            raise ContractError(f"symbol {name!r:.60} is no name; give a text")
    return {name: convert(told[name], f"{what} of {name:.60}") for name in sorted(told)}
