"""Broken on purpose: adapters that send and cancel as none may."""

from __future__ import annotations

from tests.exchange.paper_venue import PaperVenue, Row
from tools.live.core.contracts_v1 import BUY, SELL
from tools.live.core.money import SCALE
from tools.live.exchange import OrderStatus, PlaceOrderRequest, PlaceOrderResponse
from tools.live.exchange_query import Found
from tools.live.sim.orders import OrderRequest


class ReusesIds(PaperVenue):
    """Its counter of ids is too short, and begins again."""

    def new_id(self) -> str:
        return f"V{len(self.rows) % 36 + 1:06d}"


class SkipsIds(PaperVenue):
    """Says that its ids count up, and counts by two."""

    def new_id(self) -> str:
        return f"V{2 * len(self.rows) + 1:06d}"


class RejectedRests(PaperVenue):
    """Answers no, and leaves the order in its book."""

    def submit(self, order: OrderRequest) -> PlaceOrderResponse:
        told = super().submit(order)
        if told.message == "refused by the market's state":
            self.rows.append(Row(self.new_id(), order))
        return told


class RejectsWithoutAWord(PaperVenue):
    """The reason of a rejection is lost on the way."""

    def rejected(self, why: str) -> PlaceOrderResponse:
        return super().rejected("")


class TakesZero(PaperVenue):
    """An order of nothing is an order, too."""

    def refusal(self, order: OrderRequest) -> str | None:
        return super().refusal(order) if order.qty else None


class TakesOneIdTwice(PaperVenue):
    """Says that it knows its client order ids again, and does not look."""

    def refusal(self, order: OrderRequest) -> str | None:
        wrong = super().refusal(order)
        return None if wrong == "this client order id is known already" else wrong


class SaysFilledTooSoon(PaperVenue):
    """Every order that fills at all is answered as filled."""

    def status_of(self, row: Row) -> OrderStatus:
        return OrderStatus.FILLED if row.filled else OrderStatus.OPEN


class SaysYesAndNo(PaperVenue):
    """A success with the status of a rejection."""

    def status_of(self, row: Row) -> OrderStatus:
        status = super().status_of(row)
        return OrderStatus.REJECTED if status is OrderStatus.OPEN else status


class RoundsTheRequest(PaperVenue):
    """Rounds to its lot in the object that the caller still holds."""

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        told = super().place_limit(req)
        req.qty_e9 -= req.qty_e9 % 1000
        return told


class CutsIds(PaperVenue):
    """Keeps the first 20 characters of a client order id, whatever it declares."""

    def submit(self, order: OrderRequest) -> PlaceOrderResponse:
        told = super().submit(order)
        for row in self.rows[-1:]:
            row.name = row.name[:20]
        return told


class StumblesOverWords(PaperVenue):
    """A symbol that nobody trades is a KeyError."""

    def refusal(self, order: OrderRequest) -> str | None:
        {"BTCUSDT": 1, "ETHUSDT": 1}[order.symbol]
        return super().refusal(order)


class CancelsAnything(PaperVenue):
    """The cancel of an id that nobody has is a success."""

    def cancel(self, order_id: str) -> bool:
        known = any(row.order_id == order_id for row in self.rows)
        return super().cancel(order_id) or not known


class CancelsAndForgets(PaperVenue):
    """Confirms the cancel of a small order that has not filled, and leaves it open."""

    def reset(self) -> None:
        super().reset()
        self.confirmed: list[str] = []

    def cancel(self, order_id: str) -> bool:
        row = self.open_row(lambda row: row.order_id == order_id)
        if row is None or row.filled or row.qty > SCALE:
            return super().cancel(order_id)
        self.confirmed.append(order_id)
        return self.confirmed.count(order_id) == 1


class CancelsTwice(PaperVenue):
    """The second cancel of an order is confirmed as the first was."""

    def cancel(self, order_id: str) -> bool:
        gone = [r for r in self.rows if r.order_id == order_id and r.found is Found.CANCELED]
        return super().cancel(order_id) or bool(gone)


class CancelsWhatFilled(PaperVenue):
    """An order that has filled whole can still be canceled."""

    def cancel(self, order_id: str) -> bool:
        done = [r for r in self.rows if r.order_id == order_id and r.found is Found.FILLED]
        return super().cancel(order_id) or bool(done)


class CancelsTheNeighbour(PaperVenue):
    """Takes the oldest resting order of the other side away with the one that was named."""

    def cancel(self, order_id: str) -> bool:
        named = self.open_row(lambda row: row.order_id == order_id)
        done = super().cancel(order_id)
        if named is not None and named.side is BUY and not named.filled:
            self.end(self.open_row(lambda row: row.side is SELL and row.order_id == "V000002"))
        return done


class CancelDropsFills(PaperVenue):
    """A confirmed cancel empties the queue of what filled before it."""

    def cancel(self, order_id: str) -> bool:
        done = super().cancel(order_id)
        if done:
            self.untold = [fill for fill in self.untold if fill.order_id != order_id]
        return done


class FillsBehindTheCancel(PaperVenue):
    """What was on its way into the book trades although the cancel is confirmed."""

    def trade(self, order_id: str, qty: int) -> None:
        for row in self.rows:
            if row.order_id == order_id and row.found is Found.CANCELED:
                self.execute(row, qty)
                return
        super().trade(order_id, qty)


class CancelsByAnyName(PaperVenue):
    """A cancel by our own id is always a success."""

    def cancel_client_order(self, client_order_id: str) -> bool:
        super().cancel_client_order(client_order_id)
        return True
