"""Broken on purpose: adapters that answer questions falsely, or make a doubt into a no."""

from __future__ import annotations

from tests.exchange.broken_fills import copied
from tests.exchange.paper_venue import PaperVenue, Row
from tools.live.core.errors import NotSent
from tools.live.exchange import OrderStatus, PlaceOrderResponse, Position
from tools.live.exchange_query import Found, OrderAnswer
from tools.live.sim.orders import OrderRequest


class KnowsStrangers(PaperVenue):
    """An id that nobody sent was surely canceled."""

    def get_order(self, client_order_id: str) -> OrderAnswer:
        answer = super().get_order(client_order_id)
        stranger = client_order_id == "CLI99999999"
        return OrderAnswer(Found.CANCELED, None) if stranger else answer


class ShowsAnotherOrder(PaperVenue):
    """Shows an open order with what is left of it as its quantity less one."""

    def get_order(self, client_order_id: str) -> OrderAnswer:
        answer = super().get_order(client_order_id)
        if answer.order is not None and not answer.order.filled_e9:
            answer.order.qty_e9 -= 1
        return answer


class HidesTheFills(PaperVenue):
    """Says that an order has filled, and not how."""

    def get_order(self, client_order_id: str) -> OrderAnswer:
        answer = super().get_order(client_order_id)
        filled = answer.found is Found.FILLED
        return OrderAnswer(answer.found, answer.order, () if filled else answer.fills)


class RenamesFills(PaperVenue):
    """One execution has one id in the stream and another in the answer about its order."""

    def get_order(self, client_order_id: str) -> OrderAnswer:
        answer = super().get_order(client_order_id)
        if answer.found is not Found.OPEN:
            return answer
        fills = tuple(copied(fill, fill_id=f"T{fill.fill_id}") for fill in answer.fills)
        return OrderAnswer(answer.found, answer.order, fills)


class ForgetsTheCanceled(PaperVenue):
    """A canceled order is told with what is left of it: nothing, as if it had filled."""

    def get_order(self, client_order_id: str) -> OrderAnswer:
        answer = super().get_order(client_order_id)
        if answer.found is Found.CANCELED:
            return OrderAnswer(Found.FILLED, answer.order, answer.fills)
        return answer


class SaysRejectedIsOpen(PaperVenue):
    """An order that was rejected is answered as open."""

    def submit(self, order: OrderRequest) -> PlaceOrderResponse:
        told = super().submit(order)
        if told.message == "refused by the market's state":
            self.refused = order.client_order_id
        return told

    def get_order(self, client_order_id: str) -> OrderAnswer:
        if client_order_id == getattr(self, "refused", None):
            return OrderAnswer(Found.OPEN, None)
        return super().get_order(client_order_id)


class AskingTakesAway(PaperVenue):
    """A fill that was shown in an answer is not told by the stream any more."""

    def get_order(self, client_order_id: str) -> OrderAnswer:
        answer = super().get_order(client_order_id)
        self.untold = [fill for fill in self.untold if fill not in answer.fills]
        return answer


class ForgetsTheOld(PaperVenue):
    """Knows its newest twenty orders."""

    def get_order(self, client_order_id: str) -> OrderAnswer:
        if client_order_id in [row.name for row in self.rows[:-20]]:
            return OrderAnswer(Found.UNKNOWN, None)
        return super().get_order(client_order_id)


class MakesADoubtANo(PaperVenue):
    """A request without an answer is reported as rejected."""

    def lost(self, row: Row) -> PlaceOrderResponse:
        return self.rejected("no answer")


class SaysNotSentOfALostAnswer(PaperVenue):
    """Takes silence for a request that never left."""

    def lost(self, row: Row) -> PlaceOrderResponse:
        raise NotSent("no answer")


class ForgetsTheUnanswered(PaperVenue):
    """An order whose answer was lost is unknown to whoever asks."""

    def lost(self, row: Row) -> PlaceOrderResponse:
        self.unheard = row.name
        raise TimeoutError("no answer")

    def get_order(self, client_order_id: str) -> OrderAnswer:
        if client_order_id == getattr(self, "unheard", None):
            return OrderAnswer(Found.UNKNOWN, None)
        return super().get_order(client_order_id)


class SendsAgain(PaperVenue):
    """Sends a request again when its answer does not come, and opens a second order."""

    def lost(self, row: Row) -> PlaceOrderResponse:
        self.rows.append(Row(self.new_id(), row.order))
        raise TimeoutError("no answer")


class SaysTimeoutForNotSent(PaperVenue):
    """Does not tell a request that never left from one whose answer was lost."""

    def submit(self, order: OrderRequest) -> PlaceOrderResponse:
        if self.keeping:
            self.keeping = False
            raise TimeoutError("no answer")
        return super().submit(order)


class SendsWhatItKeptBack(PaperVenue):
    """Raises NotSent, and sends it a little later all the same."""

    def submit(self, order: OrderRequest) -> PlaceOrderResponse:
        if self.keeping:
            self.rows.append(Row(self.new_id(), order))
            self.rows[-1].found = Found.FILLED
        return super().submit(order)


class EmptyWhenCut(PaperVenue):
    """A question on a cut line gets an empty list."""

    def get_positions(self) -> list[Position]:
        return [] if self.cut else super().get_positions()


class TakesOrdersOnACutLine(PaperVenue):
    """Answers an order with yes although nothing can leave."""

    def submit(self, order: OrderRequest) -> PlaceOrderResponse:
        if self.cut:
            return PlaceOrderResponse(True, "V999999", OrderStatus.OPEN)
        return super().submit(order)


class ForgetsAfterACut(PaperVenue):
    """Begins with an empty list of open orders when the line is there again."""

    def reconnect(self) -> None:
        super().reconnect()
        self.rows = [row for row in self.rows if row.found is not Found.OPEN or row.filled]


class LosesFillsOfACut(PaperVenue):
    """What fills while the line is cut is never told."""

    def execute(self, row: Row, qty: int) -> None:
        super().execute(row, qty)
        if self.cut:
            self.untold.clear()
