"""An adapter that does everything the kit knows, and does it right; broken ones are cut from it.

Nothing here is clever: lists are walked, and what the next order meets is simply told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from tools.live.conformance.candidate import Candidate, Fate, Stage
from tools.live.conformance.capabilities import Capabilities
from tools.live.core.contracts_v1 import BUY
from tools.live.core.errors import ContractError, NotSent
from tools.live.core.money import SCALE
from tools.live.core.order_rules import OrderRules
from tools.live.exchange import (
    FillEvent, OpenOrder, OrderStatus, PlaceOrderRequest, PlaceOrderResponse, Position,
)  # fmt: skip
from tools.live.exchange_query import Found, OrderAnswer
from tools.live.sim.orders import OrderKind, OrderRequest, TimeInForce

SYMBOLS = ("BTCUSDT", "ETHUSDT")
MS = 10**6
T0_MS = 1_735_689_600_000
LONGEST_ID = 36
RULES = OrderRules(tick=SCALE // 100)

EVERYTHING = Capabilities(
    query=True, cancel_by_client_id=True, fills_listing=True, balances=True,
    order_types=("limit", "market", "stop"), time_in_force=("GTC", "IOC", "FOK", "GTD"),
    amend=True, post_only=True, reduce_only=True, self_trade="cancel_newest",
    dedupes_client_ids=True, client_id_length=LONGEST_ID, sequential_ids=True,
    cumulative_qty=True, liquidity=True, resets=True, deterministic=True, lists_rules=True,
)  # fmt: skip


class Row:
    """One order as the venue keeps it."""

    def __init__(self, order_id: str, order: OrderRequest) -> None:
        self.order_id = order_id
        self.order = order
        self.name = order.client_order_id
        self.symbol = order.symbol
        self.side = order.side
        self.price = order.price or 100 * SCALE
        self.qty = order.qty
        self.filled = 0
        self.found = Found.OPEN

    def shown(self) -> OpenOrder:
        status = OrderStatus.PARTIALLY_FILLED if self.filled else OrderStatus.OPEN
        made = OpenOrder(self.order_id, self.name, self.symbol, self.side, 1, 0, 1, status)
        made.qty_e9, made.filled_e9, made.price_e9 = self.qty, self.filled, self.price
        return made


class PaperVenue:
    """A venue in memory whose market is told what the next order meets."""

    CAN = EVERYTHING

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.now_ms = T0_MS
        self.rows: list[Row] = []
        self.executions: list[FillEvent] = []
        self.untold: list[FillEvent] = []
        self.held: dict[str, tuple[int, Fraction]] = {}
        self.cash = 0
        self.fate = Fate.RESTS
        self.losing = self.keeping = self.cut = False

    def capabilities(self) -> Capabilities:
        return self.CAN

    # IExchangeClient.

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        return self.submit(
            OrderRequest(
                req.client_order_id, req.symbol, req.side, req.qty_e9, price=req.price_e9
            )
        )

    def submit(self, order: OrderRequest) -> PlaceOrderResponse:
        if self.cut or self.keeping:
            self.keeping = False
            raise NotSent("there is no connection")
        self.now_ms += 1
        wrong = self.refusal(order)
        if wrong is not None:
            return self.rejected(wrong)
        row = Row(self.new_id(), order)
        self.rows.append(row)
        self.meet_market(row)
        if self.losing:
            self.losing = False
            return self.lost(row)
        return PlaceOrderResponse(True, row.order_id, self.status_of(row), None, self.stamp())

    def cancel(self, order_id: str) -> bool:
        self.ask()
        return self.end(self.open_row(lambda row: row.order_id == order_id))

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        self.ask()
        rows = [row for row in self.rows if row.found is Found.OPEN]
        return [row.shown() for row in rows if symbol in (None, row.symbol)]

    def get_positions(self) -> list[Position]:
        self.ask()
        found = []
        for symbol, (qty, cost) in sorted(self.held.items()):
            if qty:
                position = Position(symbol, 0, float(self.average(symbol, qty, cost)))
                position.qty_e9 = qty
                found.append(position)
        return found

    def stream_fills(self) -> Iterator[FillEvent]:
        while self.untold and not self.cut:
            yield self.untold.pop(0)

    # QueryableExchange.

    def get_order(self, client_order_id: str) -> OrderAnswer:
        self.ask()
        for row in self.rows:
            if row.name == client_order_id:
                fills = tuple(f for f in self.executions if f.order_id == row.order_id)
                return OrderAnswer(row.found, row.shown(), fills)
        return OrderAnswer(Found.UNKNOWN, None)

    def cancel_client_order(self, client_order_id: str) -> bool:
        self.ask()
        return self.end(self.open_row(lambda row: row.name == client_order_id))

    def get_fills(self) -> list[FillEvent] | None:
        self.ask()
        return list(self.executions)

    def get_balances(self) -> dict[str, int] | None:
        self.ask()
        return {"USDT": self.cash}

    def amend(self, order_id: str, *, qty: int) -> None:
        self.ask()
        row = self.open_row(lambda row: row.order_id == order_id)
        if row is None:
            raise ContractError(f"there is no open order {order_id}; name one")
        row.qty = max(qty, row.filled)
        if row.filled == row.qty:
            row.found = Found.FILLED

    def rules_of(self, symbol: str) -> OrderRules | None:
        return RULES if symbol in SYMBOLS else None

    # What a broken venue does otherwise.

    def refusal(self, order: OrderRequest) -> str | None:
        if order.qty <= 0 or (order.price is not None and order.price <= 0):
            return "quantity and price must be above 0"
        if order.symbol not in SYMBOLS:
            return "there is no such symbol"
        if not 0 < len(order.client_order_id) <= LONGEST_ID:
            return "the client order id is too short or too long"
        if any(row.name == order.client_order_id for row in self.rows):
            return "this client order id is known already"
        if self.off_rules(order):
            return "the price is off the tick"
        if self.fate is Fate.REJECTED:
            return "refused by the market's state"
        if order.post_only and self.fate is not Fate.RESTS:
            return "post-only would take"
        if order.reduce_only and not self.reducible(order):
            return "reduce-only has nothing to reduce"
        if any(self.meets_itself(row, order) for row in self.rows):
            return "it would meet an order of its own"
        return None

    def off_rules(self, order: OrderRequest) -> bool:
        return order.price is not None and order.price % RULES.tick != 0

    def meets_itself(self, row: Row, order: OrderRequest) -> bool:
        if row.found is not Found.OPEN or row.symbol != order.symbol or order.price is None:
            return False
        if row.side is order.side:
            return False
        return order.price >= row.price if order.side is BUY else order.price <= row.price

    def reducible(self, order: OrderRequest) -> int:
        held = self.held.get(order.symbol, (0, Fraction(0)))[0]
        return max(0, -held if order.side is BUY else held)

    def rejected(self, why: str) -> PlaceOrderResponse:
        return PlaceOrderResponse(False, None, OrderStatus.REJECTED, why, self.stamp())

    def lost(self, row: Row) -> PlaceOrderResponse:
        raise TimeoutError("no answer")

    def new_id(self) -> str:
        return f"V{len(self.rows) + 1:06d}"

    def status_of(self, row: Row) -> OrderStatus:
        if row.filled == row.qty:
            return OrderStatus.FILLED
        return OrderStatus.PARTIALLY_FILLED if row.filled else OrderStatus.OPEN

    def stamp(self) -> int:
        return self.now_ms

    def meet_market(self, row: Row) -> None:
        order = row.order
        there = {Fate.FILLS: row.qty, Fate.FILLS_IN_PART: (row.qty + 1) // 2}.get(self.fate, 0)
        if order.kind is OrderKind.STOP:
            return
        if order.reduce_only:
            there = min(there, self.reducible(order))
        if order.time_in_force is TimeInForce.FOK and there < row.qty:
            there = 0
        if there:
            self.execute(row, there)
        at_once = order.time_in_force in (TimeInForce.IOC, TimeInForce.FOK) or order.reduce_only
        if row.found is Found.OPEN and (at_once or order.kind is OrderKind.MARKET):
            self.end(row)

    def execute(self, row: Row, qty: int) -> None:
        row.filled += qty
        if row.filled == row.qty:
            row.found = Found.FILLED
        fill = FillEvent(
            row.order_id, row.symbol, row.side, 1, 1, self.stamp(), self.fill_id(), "maker", 1
        )
        fill.qty_e9, fill.price_e9, fill.cum_e9 = qty, self.price_of(row), row.filled
        self.executions.append(fill)
        self.untold.append(fill)
        self.move(row.symbol, qty if row.side is BUY else -qty, fill.price_e9)

    def price_of(self, row: Row) -> int:
        return row.price

    def fill_id(self) -> str:
        return f"F{len(self.executions) + 1:06d}"

    def move(self, symbol: str, signed: int, price: int) -> None:
        qty, cost = self.held.get(symbol, (0, Fraction(0)))
        after = qty + signed
        if not qty or (qty > 0) is (signed > 0):
            cost += signed * price
        elif after and (after > 0) is (qty > 0):
            cost = cost * after / qty
        else:
            cost = Fraction(after * price)
        self.held[symbol] = (after, cost)
        self.cash -= signed * price

    def average(self, symbol: str, qty: int, cost: Fraction) -> Fraction:
        return cost / qty / SCALE

    def open_row(self, wanted: Callable[[Row], bool]) -> Row | None:
        found = [row for row in self.rows if row.found is Found.OPEN and wanted(row)]
        return found[0] if found else None

    def end(self, row: Row | None) -> bool:
        if row is None:
            return False
        row.found = Found.CANCELED
        return True

    def ask(self) -> None:
        if self.cut:
            raise ConnectionError("there is no connection")

    # What the stage does.

    def meets(self, request: object, fate: Fate) -> None:
        self.fate = fate

    def trade(self, order_id: str, qty: int) -> None:
        row = self.open_row(lambda row: row.order_id == order_id)
        if row is not None:
            self.execute(row, min(qty, row.qty - row.filled))

    def lose_answer(self) -> None:
        self.losing = True

    def keep_back(self) -> None:
        self.keeping = True

    def disconnect(self) -> None:
        self.cut = True

    def reconnect(self) -> None:
        self.cut = False

    def advance(self, ns: int) -> None:
        self.now_ms += ns // MS
        for row in self.rows:
            ends_ns = row.order.expires_ns
            if row.found is Found.OPEN and ends_ns is not None and ends_ns <= self.now_ms * MS:
                self.end(row)


def staged(venue: Any) -> Candidate:
    """The venue with all of its hooks; what it can is its own word."""
    return Candidate(
        venue,
        None,
        Stage(
            venue.meets, venue.trade, venue.lose_answer, venue.keep_back, venue.disconnect,
            venue.reconnect, venue.advance,
        ),
    )  # fmt: skip


def paper() -> Candidate:
    return staged(PaperVenue())
