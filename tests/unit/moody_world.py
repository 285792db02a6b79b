"""A random world for the system properties: a moody exchange, a loop, and what really happened.

A stream of operations is drawn from a seed; `World.apply` plays one of them. The world keeps its
own account of every fill in plain integers and recomputes the worst case from the store's orders
whenever an order is sent, so it trusts neither the gate nor the ledger.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from tests.unit.builders import BTC, ETH, T0_MS, PlainExchange, a_monitor, e9
from tests.unit.prop import some_of
from tools.live.core.contracts_v1 import BUY, SELL, Input, Side
from tools.live.core.line import Line
from tools.live.core.money import SCALE
from tools.live.core.order import TERMINAL, TRANSITIONS, Order, OrderState
from tools.live.exchange import FillEvent, OrderStatus, PlaceOrderRequest, PlaceOrderResponse
from tools.live.execution_loop import COMPUTED, ExecutionLoop, ExecutionParams, Quote
from tools.live.order_store import InMemoryOrderStore
from tools.live.risk_monitor import RuntimeRiskMonitor

MAX_SYMBOL = 1_000
MAX_TOTAL = 1_500
FEES_BPS = {"maker": 1, "taker": 7}
ALWAYS = ("quote",) * 8 + ("read", "fill", "unfreeze") * 2
SOMETIMES = (
    "fill_part", "repeat", "late", "reject", "silence", "refuse_cancel", "raise_on_cancel",
    "fill_on_cancel", "crossed", "good_edge", "bad_edge", "no_edge", "freeze", "cancel_all",
    "requote", "bogus",
)  # fmt: skip


class Op(NamedTuple):
    """One thing that happens; `number` decides whatever it leaves open."""

    name: str
    symbol: str
    number: int


def operations(seed: int, count: int) -> list[Op]:
    """A stream in which a random part of the operations never occurs."""
    rng = Random(seed)
    names = [*ALWAYS, *some_of(rng, SOMETIMES)]
    return [
        Op(rng.choice(names), rng.choice((BTC, ETH)), rng.randrange(10**6)) for _ in range(count)
    ]


def a_world_monitor() -> RuntimeRiskMonitor:
    return a_monitor(MAX_SYMBOL, MAX_TOTAL, 1.5, None, FEES_BPS["maker"], FEES_BPS["taker"])


class MoodyExchange(PlainExchange):
    """Rejects, refuses, raises and fills as it is told; keeps the truth about every fill."""

    def __init__(self) -> None:
        super().__init__()
        self.mood = ""
        self.left: dict[str, int] = {}
        self.requests: dict[str, PlaceOrderRequest] = {}
        self.true_qty = {BTC: 0, ETH: 0}
        self.true_cash_e18 = {BTC: 0, ETH: 0}
        self.last: FillEvent | None = None
        self.made = 0
        self.world: World | None = None

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        assert self.world is not None
        self.world.check_limits(req)
        if self.mood == "silence":
            raise TimeoutError("moody")
        if self.mood == "reject":
            return PlaceOrderResponse(False, None, OrderStatus.REJECTED, "moody")
        response = super().place_limit(req)
        assert response.order_id is not None
        self.left[response.order_id] = req.qty_e9
        self.requests[response.order_id] = req
        return response

    def cancel(self, order_id: str) -> bool:
        if self.mood == "refuse_cancel":
            return False
        if self.mood == "raise_on_cancel":
            raise TimeoutError("moody")
        if self.mood == "fill_on_cancel":
            self.trade(order_id, self.left[order_id])
            return False
        return super().cancel(order_id)

    def trade(self, order_id: str, qty: int) -> None:
        """Fill an order of ours for real, at its price."""
        req = self.requests[order_id]
        self.left[order_id] -= qty
        if not self.left[order_id]:
            self.resting.pop(order_id, None)
        self.made += 1
        liquidity = "taker" if self.made % 3 == 0 else "maker"
        self.last = FillEvent(
            order_id, req.symbol, req.side, req.price, qty / SCALE, T0_MS, f"F{self.made}",
            liquidity,
        )  # fmt: skip
        assert self.last.qty_e9 == qty
        self.reports.append(self.last)
        signed = qty if req.side is BUY else -qty
        notional = qty * req.price_e9
        self.true_qty[req.symbol] += signed
        fee = (notional * FEES_BPS[liquidity] + 5_000) // 10_000  # exact: prices are whole cents
        self.true_cash_e18[req.symbol] -= signed * req.price_e9 + fee
        self.held = {symbol: held for symbol, held in self.true_qty.items() if held}


class World:
    """A loop over a moody exchange, with two orders of 2 at most a quote."""

    def __init__(self, *, edge: str = COMPUTED) -> None:
        self.exchange = MoodyExchange()
        self.exchange.world = self
        self.monitor = a_world_monitor()
        self.store = InMemoryOrderStore()
        self.line = WatchingLine(self.store)
        self.loop = ExecutionLoop(
            self.exchange, self.store, self.monitor, lambda: T0_MS, edge=edge, line=self.line
        )
        self.marks: dict[str, int] = {}
        self.quotes = 0

    def apply(self, op: Op) -> None:
        """Let one operation happen."""
        exchange, loop = self.exchange, self.loop
        match op.name:
            case "quote" | "crossed" | "requote":
                self._quote(op)
            case "read":
                exchange.mood = ""
                loop.on_fill()
            case "fill" | "fill_part" if exchange.resting:
                order_id = sorted(exchange.resting)[op.number % len(exchange.resting)]
                left = exchange.left[order_id]
                exchange.trade(order_id, left if op.name == "fill" else max(1, left // 3))
            case "repeat" if exchange.last is not None:
                exchange.reports.append(exchange.last)
            case "late":
                self._late(op)
            case "reject" | "silence" | "refuse_cancel" | "raise_on_cancel" | "fill_on_cancel":
                exchange.mood = op.name
            case "good_edge" | "bad_edge" | "no_edge":
                edges = {"good_edge": 9.0, "bad_edge": 1.0, "no_edge": float("nan")}
                loop.on_edge_update(op.symbol, edges[op.name])
            case "freeze":
                loop.freeze("halt", "ada", op.symbol)
            case "unfreeze":
                loop.unfreeze("fixed", "ada")
            case "cancel_all":
                loop.cancel_all("tidy", op.symbol if op.number % 2 else None)
            case "bogus":
                exchange.reports.append(
                    FillEvent(f"Y{op.number}", op.symbol, SELL, 1, 1, T0_MS, f"B{op.number}")
                )

    def finish(self) -> None:
        """Read what is still on the stream, so that both sides know the same."""
        self.exchange.mood = ""
        self.loop.on_fill()

    def _quote(self, op: Op) -> None:
        self.quotes += 1
        middle = 80 + op.number % 40
        half = -1 if op.name == "crossed" else 1
        self.marks[op.symbol] = e9(middle)
        params = ExecutionParams(
            [op.symbol], 1, MAX_SYMBOL, MAX_TOTAL, 1.5, 1 + op.number % 2, 0, op.name == "requote"
        )
        stamp = T0_MS + self.quotes * 700
        try:
            self.loop.on_quote(Quote(op.symbol, middle - half, middle + half, stamp), params)
        except TimeoutError:
            self.exchange.mood = ""  # the order stays in doubt, and life goes on

    def _late(self, op: Op) -> None:
        gone = [o for o in self.exchange.canceled if self.exchange.left[o]]
        if gone:
            order_id = gone[op.number % len(gone)]
            self.exchange.trade(order_id, max(1, self.exchange.left[order_id] // 2))

    # The naive gate.

    def check_limits(self, req: PlaceOrderRequest) -> None:
        """What is being sent fits the limits, every order without an end filled at its worst."""
        held = self.monitor.ledger.qty(req.symbol)
        open_same = self._open_qty(req.symbol, req.side)
        after = held + open_same if req.side is BUY else open_same - held
        if after <= 0:
            return  # everything on this side together only reduces
        assert after * req.price_e9 <= e9(MAX_SYMBOL) * SCALE, f"{req} passes the symbol limit"
        total = 0
        for symbol, mark in self.marks.items():
            held = self.monitor.ledger.qty(symbol)
            buys, sells = self._open_qty(symbol, BUY), self._open_qty(symbol, SELL)
            total += max(abs(held), abs(held + buys), abs(held - sells)) * mark
        assert total <= e9(MAX_TOTAL) * SCALE, f"{req} passes the total limit: {total}"

    def _open_qty(self, symbol: str, side: Side) -> int:
        return sum(
            order.qty_e9 - order.filled_e9
            for order in self.store.get_all()
            if order.symbol == symbol and order.side_of is side and order.state not in TERMINAL
        )


class WatchingLine(Line):
    """A line that looks at every order before each step: nobody leaves the table."""

    def __init__(self, store: InMemoryOrderStore) -> None:
        super().__init__()
        self._store = store
        self._seen: dict[str, tuple[OrderState, int]] = {}

    def input(self, seq: int, corr: int, cause: int, event: Input) -> None:
        self.look()
        super().input(seq, corr, cause, event)

    def look(self) -> None:
        for order in self._store.get_all():
            self._look_at(order)

    def _look_at(self, order: Order) -> None:
        new = (order.state, order.filled_e9)
        old = self._seen.setdefault(order.client_order_id, (OrderState.PENDING, 0))
        if new == old:
            return
        assert order.state in TRANSITIONS[old[0]], f"{order} was {old[0].value}"
        assert old[1] <= order.filled_e9 <= order.qty_e9, f"{order} had {old[1]} filled"
        self._seen[order.client_order_id] = new
