"""Broken on purpose: adapters whose days cannot be told apart, repeated or compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.exchange.answers_later import AnswersLater
from tests.exchange.paper_venue import PaperVenue, Row
from tools.live.conformance.candidate import Candidate
from tools.live.conformance.stages import T0_MS, fake, fates_of
from tools.live.core.rng import seeded
from tools.live.exchange import (
    FakeExchangeClient, FillEvent, OpenOrder, PlaceOrderRequest, PlaceOrderResponse, Position,
)  # fmt: skip
from tools.live.sim.orders import OrderRequest


class RunsBack(PaperVenue):
    """Stamps answers with a clock that is set back now and then."""

    def stamp(self) -> int:
        return self.now_ms - (5 if self.now_ms % 8 == 7 else 0)


class StampsMicroseconds(PaperVenue):
    """Its times are microseconds."""

    def stamp(self) -> int:
        return self.now_ms * 1000


class FillsBeforeItsTime(PaperVenue):
    """Stamps a fill with the time at which the market moved, before the order was there."""

    def execute(self, row: Row, qty: int) -> None:
        super().execute(row, qty)
        self.executions[-1].timestamp_ms -= 5000


class BeginsWithSomething(PaperVenue):
    """Reads the account of the day before when it starts."""

    def get_positions(self) -> list[Position]:
        old = [Position("OLDUSDT", 1, 1.0)] if self.now_ms == T0_MS else []
        return super().get_positions() + old


class HearsItsNeighbours(PaperVenue):
    """All adapters of a process read one stream, each from where it was when it was made."""

    TOLD: list[FillEvent] = []

    def reset(self) -> None:
        super().reset()
        self.read = len(self.TOLD)

    def execute(self, row: Row, qty: int) -> None:
        super().execute(row, qty)
        self.TOLD.append(self.untold.pop())

    def stream_fills(self) -> Iterator[FillEvent]:
        while self.read < len(self.TOLD) and not self.cut:
            self.read += 1
            yield self.TOLD[self.read - 1]


class ResetKeepsIds(PaperVenue):
    """Counts its fills on behind a reset."""

    def reset(self) -> None:
        self.before = getattr(self, "before", 0) + len(getattr(self, "executions", ()))
        super().reset()

    def fill_id(self) -> str:
        return f"F{self.before + len(self.executions) + 1:06d}"


class CountsForEver(PaperVenue):
    """Draws its fill ids from one counter of the whole process."""

    COUNTED = [0]

    def fill_id(self) -> str:
        self.COUNTED[0] += 1
        return f"F{self.COUNTED[0]:06d}"


class WalksASet(PaperVenue):
    """Lists open orders in the order of a set of names, which hangs on the hash seed."""

    def get_open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        listed = {one.order_id: one for one in super().get_open_orders(symbol)}
        return [listed[name] for name in sorted(listed, key=hash)]


class DeclaresTooMuch(PaperVenue):
    """Declares balances, and has no such method."""

    get_balances = None  # type: ignore[assignment]


class HasNoWayToSend(PaperVenue):
    """Declares all kinds of orders, and has only `place_limit`."""

    submit = None  # type: ignore[assignment]

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        order = OrderRequest(
            req.client_order_id, req.symbol, req.side, req.qty_e9, price=req.price_e9
        )
        return PaperVenue.submit(self, order)


class DeclaresAMethodLess(AnswersLater):
    """Declares to answer later, and cannot say when."""

    next_answer_ns = None  # type: ignore[assignment]


class NeverFillsWhole(PaperVenue):
    """Leaves a little of every plain order unfilled, whatever the market does."""

    def execute(self, row: Row, qty: int) -> None:
        plain = row.order == OrderRequest(row.name, row.symbol, row.side, row.qty, price=row.price)
        whole = plain and not row.filled and qty == row.qty and qty > 1
        super().execute(row, qty - 1 if whole else qty)


class DeafToTrades(PaperVenue):
    """Trades of the world pass its resting orders by."""

    def trade(self, order_id: str, qty: int) -> None:
        return None


class RoundsHoldings(FakeExchangeClient):
    """Keeps its positions to six decimals."""

    def get_positions(self) -> list[Position]:
        held = super().get_positions()
        for position in held:
            position.qty_e9 = position.qty_e9 // 1000 * 1000
        return held


class UnseededFake(FakeExchangeClient):
    """Draws from a generator that is new for each instance."""

    MADE = [0]

    def reset(self) -> None:
        super().reset()
        self.MADE[0] += 1
        self._draw = seeded(self.MADE[0]).random

    def place_limit(self, req: PlaceOrderRequest) -> PlaceOrderResponse:
        self.latency_ms = int(self._draw() * 1000)
        self._latest = max(getattr(self, "_latest", 0), self.latency_ms)
        self.latency_ms = self._latest
        return super().place_limit(req)


def faked(kind: Callable[..., FakeExchangeClient]) -> Callable[[], Candidate]:
    """A broken fake with the matrix and the hooks of the whole one."""

    def make() -> Candidate:
        exchange = kind(clock=lambda: T0_MS)
        whole = fake()
        stage = type(whole.stage)(meets=fates_of(exchange))  # type: ignore[call-arg, misc]
        return Candidate(exchange, whole.capabilities, stage)

    return make
