"""What a run is asked to do: a quote, the parameters of a run, and where its quotes come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from .core.contracts_v1 import QuoteUpdate
from .core.errors import ContractError
from .core.market_v1 import MarketFact
from .core.money import Number, Scaled, not_negative_e9, positive_e9, view
from .core.order_rules import OrderRules
from .core.record import door
from .exchange import IExchangeClient, InProcess
from .exchange_rules import told_rules
from .risk_monitor import RuntimeRiskMonitor


@door
class Quote:
    """The best bid and ask of a symbol, in human numbers."""

    __slots__ = ("symbol", "bid_e9", "ask_e9", "timestamp_ms")
    bid_e9: int
    ask_e9: int
    __match_args__ = ("symbol", "bid", "ask", "timestamp_ms")
    bid = Scaled("bid_e9")
    ask = Scaled("ask_e9")

    def __init__(self, symbol: str, bid: Number, ask: Number, timestamp_ms: int) -> None:
        self.symbol = symbol
        self.bid = bid
        self.ask = ask
        self.timestamp_ms = timestamp_ms
        if self.bid_e9 <= 0 or self.ask_e9 <= 0:
            raise ContractError(f"quote of {symbol}: bid {bid!r} and ask {ask!r} must be above 0")


@door
class ExecutionParams:
    """What a run is asked to do. The limits in force are those of the risk monitor."""

    __match_args__ = (
        "symbols", "iterations", "max_inventory_usd_per_symbol", "max_total_notional_usd",
        "edge_freeze_threshold_bps", "base_qty", "spread_bps", "requote",
    )  # fmt: skip

    def __init__(
        self,
        symbols: list[str],
        iterations: int,
        max_inventory_usd_per_symbol: Number,
        max_total_notional_usd: Number,
        edge_freeze_threshold_bps: Number,
        base_qty: Number = 0.01,
        spread_bps: Number = 5.0,
        requote: bool = False,
    ) -> None:
        self.symbols = symbols
        self.iterations = iterations
        self.max_inventory_usd_per_symbol = max_inventory_usd_per_symbol
        self.max_total_notional_usd = max_total_notional_usd
        self.edge_freeze_threshold_bps = edge_freeze_threshold_bps
        self.base_qty = base_qty
        self.spread_bps = spread_bps
        self.requote = requote


class Feed(Protocol):
    """Who supplies the market: how many steps there are, and the quotes and facts of each."""

    @property
    def steps(self) -> int: ...

    @property
    def symbols(self) -> list[str]: ...

    @property
    def start_ns(self) -> int: ...

    def describe(self) -> dict[str, Any]: ...

    def __iter__(self) -> Iterator[Sequence[QuoteUpdate | MarketFact]]: ...


def describe_run(
    params: ExecutionParams,
    feed: Feed,
    exchange: IExchangeClient,
    monitor: RuntimeRiskMonitor,
    edge: str,
    rules: Mapping[str, OrderRules] | None = None,
) -> dict[str, Any]:
    """Everything that decides a run, in human numbers: what the config hash covers.

    `rules` are those of the symbols, where the exchange has been asked for them already.
    """
    if isinstance(exchange, InProcess):
        venue = exchange.describe()
    else:
        venue = {"client": exchange.__class__.__name__}
    told = told_rules(exchange, feed.symbols) if rules is None else rules
    kept = {symbol: told[symbol].describe() for symbol in sorted(told) if told[symbol].any}
    return {
        "symbols": sorted(feed.symbols),
        "iterations": feed.steps,
        "market": feed.describe(),
        "exchange": venue,
        "base_qty": view(positive_e9(params.base_qty, "base_qty")),
        "spread_bps": view(not_negative_e9(params.spread_bps, "spread_bps")),
        "requote": params.requote,
        **({"rules": kept} if kept else {}),
        "edge": edge,
        "max_inventory_usd_per_symbol": view(monitor.max_symbol_e9),
        "max_total_notional_usd": view(monitor.max_total_e9),
        "edge_freeze_threshold_bps": view(monitor.threshold_bps_e9),
        "fee_maker_bps": view(monitor.ledger.fee_maker_bps),
        "fee_taker_bps": view(monitor.ledger.fee_taker_bps),
    }
