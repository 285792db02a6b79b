"""Small builders of the tests around the gate, the fold and the loop; all numbers have defaults.

`PlainExchange` is an exchange as a user of the published interface would write it: five methods,
the published constructors, floats. A test changes its behaviour by setting one of the methods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tools.live.core.clock import NS_PER_MS
from tools.live.core.contracts_v1 import (
    BUY, SELL, Approved, Entry, Fill, Input, IntentRefused, Output, ParamsSet, QuoteUpdate, Side,
)  # fmt: skip
from tools.live.core.line import Line
from tools.live.core.money import SCALE, Number, to_e9
from tools.live.exchange import (
    FakeExchangeClient, FillEvent, IExchangeClient, OpenOrder, OrderStatus, PlaceOrderRequest,
    PlaceOrderResponse, Position,
)  # fmt: skip
from tools.live.execution_loop import SCRIPTED, ExecutionLoop, ExecutionParams, Quote
from tools.live.fold import Fold
from tools.live.order_store import InMemoryOrderStore, OrderState
from tools.live.portfolio.ledger import Ledger
from tools.live.risk_monitor import RuntimeRiskMonitor

T0_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z
T0_NS = T0_MS * NS_PER_MS
BTC = "BTCUSDT"
ETH = "ETHUSDT"


def e9(value: Number) -> int:
    """A human number in the house's integers."""
    return to_e9(value, "test")


def a_monitor(
    max_symbol: Number = 10_000,
    max_total: Number = 50_000,
    threshold: Number = 1.5,
    mark: Callable[[str], float] | None = None,
    maker_bps: Number = 0,
    taker_bps: Number = 0,
) -> RuntimeRiskMonitor:
    return RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=max_symbol,
        max_total_notional_usd=max_total,
        edge_freeze_threshold_bps=threshold,
        get_mark_price=mark,
        ledger=Ledger(fee_maker_bps=e9(maker_bps), fee_taker_bps=e9(taker_bps)),
    )


class Wish(NamedTuple):
    """What somebody asks of the gate."""

    symbol: str
    side: Side
    qty: int
    price: int


def an_intent(
    side: Side = BUY, qty: Number = 1, price: Number = 100, symbol: str = BTC
) -> Wish:
    return Wish(symbol, side, e9(qty), e9(price))


def verdict_on(monitor: RuntimeRiskMonitor, wish: Wish) -> Approved | IntentRefused:
    """What the gate says; an approval reserves exposure."""
    return monitor.review("CLI00000001", *wish, T0_NS)


def passes(monitor: RuntimeRiskMonitor, wish: Wish) -> bool:
    """Whether the gate approves a wish; an approval reserves its exposure."""
    return isinstance(verdict_on(monitor, wish), Approved)


def a_quote(
    symbol: str = BTC, bid: Number = 49_975, ask: Number = 50_025, timestamp_ms: int = T0_MS
) -> Quote:
    return Quote(symbol, bid, ask, timestamp_ms)


def some_params(
    symbols: Sequence[str] = (BTC,), iterations: int = 5, requote: bool = False, qty: Number = 0.01
) -> ExecutionParams:
    return ExecutionParams(list(symbols), iterations, 10_000, 50_000, 1.5, qty, 5.0, requote)


def a_fake(
    fill_rate: float = 0.0, reject_rate: float = 0.0, partial: float = 0.0, seed: int = 42
) -> FakeExchangeClient:
    return FakeExchangeClient(fill_rate, reject_rate, 100, partial, seed)


def a_loop(
    exchange: IExchangeClient | None = None,
    monitor: RuntimeRiskMonitor | None = None,
    *,
    edge: str = SCRIPTED,
    recorded: bool = True,
    now_ms: int = T0_MS,
    retain: int | None = None,
) -> ExecutionLoop:
    """A loop whose clock stands still; its fake exchange neither fills nor rejects."""
    return ExecutionLoop(
        a_fake() if exchange is None else exchange,
        InMemoryOrderStore(retain),
        a_monitor() if monitor is None else monitor,
        lambda: now_ms,
        edge=edge,
        line=Line() if recorded else None,
    )


def recorded(loop: ExecutionLoop) -> list[Entry]:
    assert loop.line is not None
    return loop.line.entries


def events_of(loop: ExecutionLoop, kind: type) -> list[Input | Output]:
    """The recorded events of one contract, in order."""
    return [entry.event for entry in recorded(loop) if isinstance(entry.event, kind)]


def a_fold(monitor: RuntimeRiskMonitor | None = None, *, measure_edge: bool = False) -> Fold:
    """A fold that answers quotes with 0.01 on each side at the middle."""
    made = Fold(
        InMemoryOrderStore(),
        a_monitor() if monitor is None else monitor,
        measure_edge=measure_edge,
    )
    made.step(ParamsSet(e9(0.01), 0, T0_NS))
    return made


def a_quote_event(
    bid: Number = 49_975, ask: Number = 50_025, symbol: str = BTC, ts_ns: int = T0_NS
) -> QuoteUpdate:
    return QuoteUpdate(symbol, e9(bid), e9(ask), ts_ns)


def a_fill(
    order_id: str = "X1",
    fill_id: str = "F1",
    side: Side = BUY,
    qty: Number = 0.01,
    price: Number = 50_000,
    symbol: str = BTC,
    liquidity: str = "maker",
    ts_ns: int = T0_NS,
) -> Fill:
    return Fill(fill_id, order_id, symbol, side, e9(qty), e9(price), liquidity, ts_ns)


def placed(outputs: Sequence[Output]) -> list[Approved]:
    return [output for output in outputs if isinstance(output, Approved)]


class PlainExchange:
    """Every order rests until the test fills it; what is canceled is gone."""

    def __init__(self) -> None:
        self.resting: dict[str, PlaceOrderRequest] = {}
        self.reports: list[FillEvent] = []
        self.held: dict[str, int] = {}
        self.canceled: list[str] = []
        self.named = 0

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        self.named += 1
        order_id = f"X{self.named}"
        self.resting[order_id] = req
        return PlaceOrderResponse(True, order_id, OrderStatus.OPEN)

    def cancel(self, order_id: str) -> bool:
        self.canceled.append(order_id)
        return self.resting.pop(order_id, None) is not None

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        return [
            OpenOrder(order_id, r.client_order_id, r.symbol, r.side, r.qty, 0.0, r.price,
                      OrderStatus.OPEN)
            for order_id, r in self.resting.items()
            if symbol in (None, r.symbol)
        ]  # fmt: skip

    def get_positions(self) -> list[Position]:
        return [Position(symbol, qty / SCALE, 0.0) for symbol, qty in self.held.items()]

    def stream_fills(self) -> Iterator[FillEvent]:
        while self.reports:
            yield self.reports.pop(0)

    def report(
        self,
        order_id: str,
        *,
        side: Side = BUY,
        qty: float = 0.01,
        price: float = 50_000.0,
        symbol: str = BTC,
        timestamp_ms: int = T0_MS,
        fill_id: str | None = None,
        liquidity: str = "",
    ) -> None:
        """Report a fill on the stream; the position moves with it."""
        self.reports.append(
            FillEvent(order_id, symbol, side, price, qty, timestamp_ms, fill_id, liquidity)
        )
        signed = e9(qty) if side is not SELL else -e9(qty)
        self.held[symbol] = self.held.get(symbol, 0) + signed


def quoted(exchange: PlainExchange, quotes: int = 1) -> ExecutionLoop:
    """A loop whose orders of some quotes rest on the exchange: X1 buys, X2 sells, ..."""
    loop = a_loop(exchange)
    for _ in range(quotes):
        loop.on_quote(a_quote(), some_params())
    return loop


def states(loop: ExecutionLoop) -> list[OrderState]:
    return [order.state for order in loop.order_store.get_all()]


def frozen_while_sending() -> tuple[ExecutionLoop, PlainExchange]:
    """A loop that answered a quote, and was frozen by somebody while each order was out."""
    exchange = PlainExchange()
    loop = a_loop(exchange)
    place = exchange.place_limit

    def freeze_meanwhile(req: PlaceOrderRequest) -> PlaceOrderResponse:
        loop.freeze("halt", "ada")
        return place(req)

    exchange.place_limit = freeze_meanwhile  # type: ignore[method-assign]
    loop.on_quote(a_quote(), some_params())
    return loop, exchange
