"""Broken on purpose: adapters whose own books do not agree with what they reported."""

from __future__ import annotations

from fractions import Fraction

from tests.exchange.paper_venue import PaperVenue
from tools.live.core.contracts_v1 import BUY
from tools.live.core.money import SCALE
from tools.live.exchange import (
    FillEvent, OpenOrder, PlaceOrderRequest, PlaceOrderResponse, Position,
)  # fmt: skip


class HidesAnOrder(PaperVenue):
    """Lists the first page of its open orders."""

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        return super().get_open_orders(symbol)[:12]


class ListsAnotherPrice(PaperVenue):
    """Rounds the prices that it lists."""

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        listed = super().get_open_orders(symbol)
        for one in listed:
            one.price_e9 = one.price_e9 // SCALE * SCALE
        return listed


class MixesSymbols(PaperVenue):
    """Lists all open orders, whatever symbol is asked for."""

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        return super().get_open_orders()


class DropsParts(PaperVenue):
    """A partial fill never reaches the position."""

    def move(self, symbol: str, signed: int, price: int) -> None:
        if abs(signed) != self.rows[-1].qty // 2 or len(self.rows) < 5:
            super().move(symbol, signed, price)


class AveragesWithTheLast(PaperVenue):
    """The average entry price is the price of the last fill."""

    def average(self, symbol: str, qty: int, cost: Fraction) -> Fraction:
        return Fraction(self.executions[-1].price_e9, SCALE)


class AddsInBinary(PaperVenue):
    """Keeps its positions as binary floats of units."""

    def get_positions(self) -> list[Position]:
        held = super().get_positions()
        for position in held:
            total = 0.0
            for fill in self.executions:
                if fill.symbol == position.symbol:
                    total += fill.qty_e9 / SCALE * (1 if fill.side is BUY else -1)
            position.qty_e9 = int(total * SCALE)
        return held


class RoundsSizes(PaperVenue):
    """Lists quantities as they come out of a binary float."""

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        listed = super().get_open_orders(symbol)
        for one in listed:
            one.qty_e9 = int(one.qty_e9 / SCALE * SCALE)
        return listed


class HandsOutItsBooks(PaperVenue):
    """Lists the very objects that it keeps."""

    def reset(self) -> None:
        super().reset()
        self.kept: dict[str, OpenOrder] = {}

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        listed = super().get_open_orders(symbol)
        shown = []
        for fresh in listed:
            known = self.kept.setdefault(fresh.order_id, fresh)
            known.filled_e9, known.status = fresh.filled_e9, fresh.status
            if fresh.qty_e9 != known.qty_e9 and known.qty_e9 != 7:
                known.qty_e9 = fresh.qty_e9
            shown.append(known)
        return shown


class KeepsTheRequest(PaperVenue):
    """Keeps the caller's request instead of what was in it."""

    def reset(self) -> None:
        super().reset()
        self.requests: dict[str, PlaceOrderRequest] = {}

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        told = super().place_limit(req)
        if told.order_id is not None:
            self.requests[told.order_id] = req
        return told

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        listed = super().get_open_orders(symbol)
        for one in listed:
            request = self.requests.get(one.order_id)
            one.client_order_id = request.client_order_id if request else one.client_order_id
        return listed


class CountsMoneyInBinary(PaperVenue):
    """Tells its balances as floats."""

    def get_balances(self) -> dict[str, int] | None:
        return {"USDT": self.cash / 10**18}  # type: ignore[dict-item]


class ListsNewestFills(PaperVenue):
    """Lists its newest ten fills: the first page again."""

    def get_fills(self) -> list[FillEvent] | None:
        return (super().get_fills() or [])[-10:]
