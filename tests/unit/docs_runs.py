"""Real runs to hold the README against: every kind of event and every key of the report."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.sim.journaled_runs import run_on
from tests.sim.sim_disk import SimDisk
from tests.sim.venue import Script, Venue, Wire
from tests.unit import docs_worlds
from tools.live.core.contracts_v1 import (
    BUY, Entry, FeedLost, FeedStale, FillAdopted, FundingPaid, GapDetected, OrderAdopted,
    PositionAdopted, Reconciled, ResyncFinished, ResyncStarted,
)  # fmt: skip
from tools.live.core.line import Line
from tools.live.core.market_v1 import MarketEvent, Trade
from tools.live.core.order_rules import OrderRules
from tools.live.exchange import (
    FakeExchangeClient, FillEvent, IExchangeClient, OpenOrder, OrderStatus,
)  # fmt: skip
from tools.live.exchange_query import Found, OrderAnswer
from tools.live.execution_loop import ExecutionLoop, ExecutionParams, Quote, run_shadow_demo
from tools.live.market.feed import MarketFeed
from tools.live.market.normalize.wire import WireFault, WireRefused
from tools.live.market.recorded import RecordedMarket
from tools.live.order_store import InMemoryOrderStore
from tools.live.risk_monitor import RuntimeRiskMonitor

# Maps in the report whose keys are names of the run, and how the README writes such a key.
MAPS = {
    "adopted.positions": "{symbol}",
    "params.exchange.rules": "{symbol}",
    "params.rules": "{symbol}",
    "params.market.refused": "{code}",
    "edge.counterfactual.by_symbol": "{symbol}",
    "edge.counterfactual.by_symbol.{symbol}.markouts": "{horizon}",
    "edge.decision": "{symbol}",
    "feed.stale": "{symbol}",
    "edge.last_bps": "{symbol}",
    "edge.measured": "{symbol}",
    "edge.measured.{symbol}": "{horizon}",
    "orders.refusals": "{reason}",
    "pnl.by_symbol": "{symbol}",
    "positions.by_symbol": "{symbol}",
    "positions.marks": "{symbol}",
    "positions.net_pos_usd": "{symbol}",
    "risk.unresolved_cancels": "{order}",
    "risk.worst_case_usd": "{symbol}",
}
QUOTES = Path(__file__).resolve().parent.parent / "matrix" / "quotes.csv"
TYPES = {bool: "bool", int: "int", float: "float", str: "str", type(None): "null", list: "list",
         dict: "map"}
PARAMS = ExecutionParams(["BTCUSDT"], 10, 10_000, 50_000, 9.5)


class Faulty(FakeExchangeClient):
    """Confirms no cancel while stubborn, lists a foreign order, reports what fills it is given."""

    def __init__(self, *, fill_rate: float = 0.0) -> None:
        super().__init__(fill_rate=fill_rate, reject_rate=0.0, partial_fill_rate=0.0)
        self.stubborn = True
        self.deaf = False
        self.extra: list[FillEvent] = []

    def cancel(self, order_id: str) -> bool:
        return not self.stubborn and super().cancel(order_id)

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        if self.deaf:
            raise ConnectionError("the line is down")
        foreign = OpenOrder("X1", "X1", "BTCUSDT", BUY, 1, 0, 1, OrderStatus.OPEN)
        return [*super().get_open_orders(symbol), foreign]

    def stream_fills(self) -> Iterator[FillEvent]:
        yield from super().stream_fills()
        while self.extra:
            yield self.extra.pop(0)


class _Told:
    """A market of two messages that says everything which one can say of itself."""

    def describe(self) -> dict[str, Any]:
        found = {"source": "bybit-spot", "symbol": "BTCUSDT", "finished": "yes"}
        return {"kind": "market", "format": "journal", "sha256": "0" * 64, **found}

    def __iter__(self) -> Iterator[MarketEvent | WireRefused]:
        yield WireRefused(WireFault.NOT_DATA, "op", "'pong'")
        yield Trade("BTCUSDT", "bybit-spot", "1", None, 50_000 * 10**9, 10**9, None, None, 1)


def a_loop(exchange: IExchangeClient, line: Line | None = None) -> ExecutionLoop:
    """A loop of ordinary parts around an exchange."""
    monitor = RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=10_000,
        max_total_notional_usd=50_000,
        edge_freeze_threshold_bps=9.5,
    )
    return ExecutionLoop(exchange, InMemoryOrderStore(), monitor, lambda: 1, line=line)


@cache
def reports() -> tuple[dict[str, Any], ...]:
    """Reports in which every key occurs, and every type that a key may have."""
    no_number = a_loop(FakeExchangeClient())
    no_number.on_edge_update("SOLUSDT", math.nan)
    by_hand = a_loop(FakeExchangeClient())
    by_hand.freeze("to see what it looks like", "a test")
    return (
        run_shadow_demo().data,
        run_shadow_demo(iterations=20, edge_freeze_threshold_bps=3.0).data,
        run_shadow_demo(edge="computed", iterations=60, edge_freeze_threshold_bps=-99).data,
        run_shadow_demo(edge="computed", iterations=80, edge_freeze_threshold_bps=99).data,
        run_shadow_demo(iterations=5, max_inventory_usd_per_symbol=20).data,
        run_shadow_demo(iterations=5, reject_rate=1.0).data,
        a_loop(Faulty()).run_shadow(PARAMS),
        no_number.run_shadow(PARAMS),
        by_hand.run_shadow(PARAMS),
        a_loop(FakeExchangeClient()).run_shadow(PARAMS, RecordedMarket(str(QUOTES))),
        a_loop(FakeExchangeClient()).run_shadow(PARAMS, MarketFeed(_Told())),
        _adopting(Line()).run_shadow(PARAMS),
        _breaking(Line()).run_shadow(PARAMS),
        _paying(Line()).run_shadow(PARAMS),
        json.loads(run_on(SimDisk(), 5)[0]),
        *(a_loop(one).run_shadow(PARAMS, feed) for one, feed in docs_worlds.worlds(_Told())),
    )


@cache
def leaves() -> dict[str, set[str]]:
    """Every key path of those reports, with the types that it had."""
    found: dict[str, set[str]] = {}
    for report in reports():
        _walk(report, "", found)
    return found


def _walk(value: Any, path: str, found: dict[str, set[str]]) -> None:
    if not isinstance(value, dict) or path in docs_worlds.MODELS:
        found.setdefault(path, set()).add(TYPES[type(value)])
        return
    for key, below in value.items():
        name: str = MAPS.get(path) or key
        _walk(below, f"{path}.{name}" if path else name, found)


@cache
def causes() -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
    """Which kind of event led to which in recorded runs, and which kinds came from outside."""
    arrows: set[tuple[str, str]] = set()
    outside: set[str] = set()
    for entries in _recorded():
        kinds = {entry.seq: entry.event.kind for entry in entries}
        for entry in entries:
            if entry.cause:
                arrows.add((kinds[entry.cause], entry.event.kind))
            else:
                outside.add(entry.event.kind)
    return frozenset(arrows), frozenset(outside)


def _recorded() -> Iterator[tuple[Entry, ...] | list[Entry]]:
    yield run_shadow_demo(iterations=20, edge_freeze_threshold_bps=3.0).events
    yield run_shadow_demo(iterations=20, requote=True, max_inventory_usd_per_symbol=400).events
    yield run_shadow_demo(iterations=80, edge="computed", edge_freeze_threshold_bps=99).events
    for happens in (_ruled, _late, _twice_too_large, _unknown, _unlisted, *_DOUBTS):
        line = Line()
        happens(line)
        yield line.entries


def _quoted(line: Line, *, fill_rate: float = 0.0) -> tuple[ExecutionLoop, Faulty]:
    exchange = Faulty(fill_rate=fill_rate)
    loop = a_loop(exchange, line)
    loop.on_quote(Quote("BTCUSDT", 49_990, 50_010, 1_000), PARAMS)
    return loop, exchange


def _a_fill(order_id: str, qty: float, why: str = "") -> FillEvent:
    name = f"F-{order_id}-{qty}"
    return FillEvent(order_id, "BTCUSDT", BUY, 49_990, qty, 1_500, name, why=why)


class _Ruled(FakeExchangeClient):
    """The fake, with rules that it tells and does not enforce."""

    def rules_of(self, symbol: str) -> OrderRules:
        return OrderRules(tick=10**7)


def _ruled(line: Line) -> None:
    """The exchange tells its rules before the first quote."""
    a_loop(_Ruled(), line).on_quote(Quote("BTCUSDT", 49_990, 50_010, 1_000), PARAMS)


def _unlisted(line: Line) -> None:
    """The exchange cannot say what is open, and is asked again at the next edge."""
    loop, exchange = _quoted(line)
    exchange.deaf = True
    loop.on_edge_update("BTCUSDT", 1.0)
    exchange.deaf = False
    loop.on_edge_update("BTCUSDT", 1.0)


def _late(line: Line, why: str = "") -> None:
    """Cancels are refused, then confirmed, then an order fills all the same."""
    loop, exchange = _quoted(line)
    loop.freeze("a drill", "a test")
    exchange.stubborn = False
    loop.on_edge_update("BTCUSDT", 1.0)
    exchange.extra.append(_a_fill("ORD000001", 0.01, why))
    loop.on_fill()
    loop.unfreeze("the drill is over", "a test")


def _twice_too_large(line: Line, why: str = "") -> None:
    loop, exchange = _quoted(line)
    exchange.extra.append(_a_fill("ORD000001", 0.02, why))
    loop.on_fill()


def _late_with_its_reason(line: Line) -> None:
    _late(line, "a trade at our price")


def _too_large_with_its_reason(line: Line) -> None:
    _twice_too_large(line, "a trade at our price")


def _asked_again(line: Line, *faults: str) -> ExecutionLoop:
    """An order over a bad line; then time passes until the exchange has told all it can."""
    wire = Wire(Venue(), dice=Script(*faults))
    loop = a_loop(wire, line)
    wire.clock = lambda: loop.event_clock.ns
    loop.on_quote(Quote("BTCUSDT", 49_990, 50_010, 1_000), PARAMS)
    return loop


def _found(line: Line) -> None:
    """The exchange has it, but cannot say so for a long time; a restart comes between."""
    loop = _asked_again(line, "lost_reply", *["silent"] * 7)
    loop._wait_for_answers()
    loop.resume()
    loop._take(Reconciled("ready", "", loop.event_clock.ns))


def _sent_again(line: Line) -> None:
    """It never arrived, is sent again, which gets lost too, and again, which is refused."""
    loop = _asked_again(line, "lost_request")
    assert isinstance(loop.exchange, Wire)
    loop.exchange.dice = Script("lost_request", "refused")
    loop._wait_for_answers()


def _sent_again_and_taken(line: Line) -> None:
    _asked_again(line, "lost_request")._wait_for_answers()


def _given_up(line: Line) -> None:
    """It never arrived, and trading is frozen; another one is found by the cancel."""
    loop = _asked_again(line, "lost_request")
    loop.freeze("a drill", "a test")
    loop._wait_for_answers()


def _found_by_the_cancel(line: Line) -> None:
    loop = _asked_again(line, "lost_reply", "silent")
    loop.freeze("a drill", "a test")
    loop.fold.outbox.doubts["CLI00000001"].dropping = True
    loop._wait_for_answers()


def _ended_meanwhile(line: Line) -> None:
    """It filled in part and was canceled before the exchange could be asked."""
    loop = _asked_again(line, "lost_reply", "silent")
    assert isinstance(loop.exchange, Wire)
    venue = loop.exchange.venue
    venue.trade("CLI00000001", 10**6)
    venue.orders["CLI00000001"].found = Found.CANCELED
    loop._wait_for_answers()


def _cancel_not_confirmed(line: Line) -> None:
    loop = _asked_again(line, "lost_cancel_reply")
    loop.cancel_all("a drill")
    loop._wait_for_answers()


def _answers(line: Line, answer: OrderAnswer) -> None:
    """It never arrived, and this is what the exchange says of it."""
    loop = _asked_again(line, "lost_request")
    assert isinstance(loop.exchange, Wire)
    loop.exchange.get_order = lambda name: answer  # type: ignore[method-assign]
    loop._wait_for_answers()


def _refused_in_silence(line: Line) -> None:
    _answers(line, OrderAnswer(Found.REJECTED, None, message="no money"))


def _impossible(line: Line) -> None:
    _answers(line, OrderAnswer(Found.OPEN, None))


def _adopting(line: Line) -> ExecutionLoop:
    """An order, an execution and a position that others made; it is canceled while frozen."""
    loop = a_loop(FakeExchangeClient(), line)
    loop.on_quote(Quote("BTCUSDT", 49_990, 50_010, 1_000), PARAMS)
    now_ns = loop.event_clock.ns
    loop.freeze("a drill", "a test")
    terms = ("BTCUSDT", BUY, 10**7, 49_000 * 10**9)
    loop.take(FillAdopted("E1", "V1", *terms, "maker", now_ns))
    loop.take(OrderAdopted("by-hand", "V7", *terms, 0, "open", now_ns))
    loop.take(PositionAdopted("BTCUSDT", 10**7, now_ns))
    return loop


def _adopted(line: Line) -> None:
    _adopting(line)


def _paying(line: Line) -> ExecutionLoop:
    """An order fills, at a fee of the exchange's own; then funding is paid on the position."""
    loop, exchange = _quoted(line)
    exchange.extra.append(_a_fill("ORD000001", 0.01, "a trade at our price"))
    exchange.extra[0].fee_e18 = 10**16
    loop.on_fill()
    loop.take(FundingPaid("BTCUSDT", -(10**15), "rate 0.0001%", loop.event_clock.ns))
    return loop


def _paid(line: Line) -> None:
    _paying(line)


def _breaking(line: Line) -> ExecutionLoop:
    """A feed with a gap, and others with a silence, a lost connection and a new beginning."""
    loop = a_loop(FakeExchangeClient(fill_rate=0), line)
    for event in (GapDetected, ResyncStarted, FeedLost, FeedStale):
        loop.on_quote(Quote("BTCUSDT", 49_990, 50_010, 1_000), PARAMS)
        said = {GapDetected: (7, 9), ResyncStarted: ("crossed_book",), FeedLost: ("closed",)}
        now_ns = loop.event_clock.ns
        loop.take(event("BTCUSDT", "binance-spot", *said.get(event, (6,)), now_ns))
        loop.take(ResyncFinished("BTCUSDT", "binance-spot", None, now_ns))
    loop.take(FeedLost("BTCUSDT", "binance-spot", "closed", loop.event_clock.ns))
    return loop


def _broken_feed(line: Line) -> None:
    _breaking(line)


def _unknown(line: Line, why: str = "") -> None:
    loop, exchange = _quoted(line)
    exchange.extra.append(_a_fill("ORD000077", 0.01, why))
    loop.on_fill()


def _unknown_with_its_reason(line: Line) -> None:
    _unknown(line, "a trade at our price")


_DOUBTS = (
    _found, _sent_again, _sent_again_and_taken, _given_up, _found_by_the_cancel, _ended_meanwhile,
    _cancel_not_confirmed, _refused_in_silence, _impossible, _adopted, _broken_feed,
    _paid, _late_with_its_reason, _too_large_with_its_reason, _unknown_with_its_reason,
)  # fmt: skip
