"""Broken on purpose: adapters that take other kinds of orders and do not know their rules."""

from __future__ import annotations

from tests.exchange.paper_venue import MS, PaperVenue, Row
from tools.live.conformance.candidate import Fate
from tools.live.exchange import PlaceOrderResponse
from tools.live.exchange_query import Found
from tools.live.sim.orders import OrderKind, OrderRequest, TimeInForce


class RestsIoc(PaperVenue):
    """The rest of an IOC order stays in the book."""

    def end(self, row: Row | None) -> bool:
        if row is not None and row.order.time_in_force is TimeInForce.IOC:
            return False
        return super().end(row)


class FillsFokInPart(PaperVenue):
    """A FOK order takes what there is."""

    def submit(self, order: OrderRequest) -> PlaceOrderResponse:
        if order.time_in_force is TimeInForce.FOK:
            order = OrderRequest(
                order.client_order_id, order.symbol, order.side, order.qty, price=order.price,
                time_in_force=TimeInForce.IOC,
            )  # fmt: skip
        return super().submit(order)


class PostOnlyTakes(PaperVenue):
    """Does not hear the word post-only."""

    def refusal(self, order: OrderRequest) -> str | None:
        wrong = super().refusal(order)
        return None if wrong == "post-only would take" else wrong


class PostOnlyNeverRests(PaperVenue):
    """Refuses every post-only order."""

    def refusal(self, order: OrderRequest) -> str | None:
        return "post-only is not for you" if order.post_only else super().refusal(order)


class ReduceOnlyOpens(PaperVenue):
    """Looks at a position before it reduces, but only if there is one."""

    def reducible(self, order: OrderRequest) -> int:
        flat = not self.held.get(order.symbol, (0,))[0]
        return order.qty if flat else super().reducible(order)


class ReduceOnlyTurns(PaperVenue):
    """Fills a reduce-only order whole as long as there is any position."""

    def reducible(self, order: OrderRequest) -> int:
        return order.qty if super().reducible(order) else 0


class RestsMarketOrders(PaperVenue):
    """Turns a market order into a limit order at the last price, and leaves it there."""

    def submit(self, order: OrderRequest) -> PlaceOrderResponse:
        told = super().submit(order)
        if order.kind is OrderKind.MARKET:
            self.rows[-1].found, self.rows[-1].qty = Found.OPEN, order.qty * 2
        return told


class ForgetsExpiry(PaperVenue):
    """An order good till a date is good for ever."""

    def advance(self, ns: int) -> None:
        self.now_ms += ns // MS


class TriggersAtOnce(PaperVenue):
    """A stop is a market order that came early."""

    def submit(self, order: OrderRequest) -> PlaceOrderResponse:
        told = super().submit(order)
        if order.kind is OrderKind.STOP:
            self.execute(self.rows[-1], order.qty)
        return told


class AmendsTheRest(PaperVenue):
    """Takes the new total for what is left to fill."""

    def amend(self, order_id: str, *, qty: int) -> None:
        row = self.open_row(lambda row: row.order_id == order_id)
        super().amend(order_id, qty=qty + (row.filled if row is not None else 0))


class AmendsOnlyTheList(PaperVenue):
    """Amends what it lists, and fills what was ordered at first."""

    def trade(self, order_id: str, qty: int) -> None:
        row = self.open_row(lambda row: row.order_id == order_id)
        if row is not None and row.qty < row.order.qty and not row.filled:
            row.qty = row.order.qty
        super().trade(order_id, qty)


class AmendsStrangers(PaperVenue):
    """An amendment of an unknown order is a new order."""

    def amend(self, order_id: str, *, qty: int) -> None:
        if order_id == "no-such-order":
            self.rows.append(Row(self.new_id(), self.rows[-1].order))
            return
        super().amend(order_id, qty=qty)


class TradesWithItself(PaperVenue):
    """Lets two orders of ours meet."""

    def meets_itself(self, row: Row, order: OrderRequest) -> bool:
        if super().meets_itself(row, order):
            self.execute(row, row.qty - row.filled)
            self.fate = Fate.FILLS
        return False
