"""Broken on purpose: adapters that tell executions wrongly, early, twice or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.exchange.answers_later import AnswersLater
from tests.exchange.paper_venue import EVERYTHING, PaperVenue, Row
from tools.live.conformance.capabilities import Capabilities
from tools.live.core.contracts_v1 import BUY, SELL, CancelFailed, OrderAccepted, OrderCanceled
from tools.live.core.money import SCALE
from tools.live.core.record import fields_of
from tools.live.exchange import FillEvent
from tools.live.exchange_answers import Answer


def but(**said: Any) -> Capabilities:
    """The matrix of the whole venue, with some words changed."""
    return Capabilities(**{**{n: getattr(EVERYTHING, n) for n in fields_of(EVERYTHING)}, **said})


def copied(fill: FillEvent, **said: Any) -> FillEvent:
    """A fill with some of its fields changed."""
    made = FillEvent("", "", BUY, 1, 1, 0)
    for name in FillEvent.__slots__:
        setattr(made, name, said.get(name, getattr(fill, name)))
    return made


class TellsFillsAgain(PaperVenue):
    """The stream begins anew each time that it is read."""

    def stream_fills(self) -> Iterator[FillEvent]:
        yield from self.executions


class SharesFillIds(PaperVenue):
    """Numbers its fills by order: two orders share the id of their first."""

    def fill_id(self) -> str:
        return f"F{len(self.executions) // 2:06d}"


class TellsTotalsAsParts(PaperVenue):
    """The quantity of a fill is what its order has filled in all."""

    def stream_fills(self) -> Iterator[FillEvent]:
        for fill in super().stream_fills():
            yield copied(fill, qty_e9=fill.cum_e9)


class FillsTooMuch(PaperVenue):
    """A trade of the world fills an order whole, and beyond."""

    def trade(self, order_id: str, qty: int) -> None:
        row = self.open_row(lambda row: row.order_id == order_id)
        if row is not None:
            self.execute(row, qty)


class ForgetsTheTotal(PaperVenue):
    """The running total of a fill is that of the last fill before it."""

    def stream_fills(self) -> Iterator[FillEvent]:
        for fill in super().stream_fills():
            told = fill.cum_e9 or 0
            yield copied(fill, cum_e9=told if told == fill.qty_e9 else told - fill.qty_e9)


class TurnsTheSide(PaperVenue):
    """Reports the side of whoever traded with us."""

    def execute(self, row: Row, qty: int) -> None:
        super().execute(row, qty)
        self.executions[-1].side = SELL if row.side is BUY else BUY


class RepeatsOtherwise(PaperVenue):
    """May report a fill twice, and stamps the second report with its own time."""

    CAN = but(repeats_fills=True)

    def stream_fills(self) -> Iterator[FillEvent]:
        for fill in super().stream_fills():
            yield fill
            yield copied(fill, timestamp_ms=fill.timestamp_ms + 1)


class FillsThroughTheLimit(PaperVenue):
    """Fills at a price of its own, a little behind the limit."""

    def price_of(self, row: Row) -> int:
        return row.price + (SCALE // 100 if row.side is BUY else -SCALE // 100)


class LosesTheUnread(PaperVenue):
    """Empties its queue when the stream is opened, not when it is read."""

    def stream_fills(self) -> Iterator[FillEvent]:
        fresh, self.untold = self.untold, []
        yield from fresh


class NeverEnds(PaperVenue):
    """A stream that, once a fill is in it, goes on for ever."""

    def stream_fills(self) -> Iterator[FillEvent]:
        while self.untold:
            yield self.untold[0]


class SpellsLiquidity(PaperVenue):
    """Declares to say who was the maker, and says it in a spelling of its own."""

    def execute(self, row: Row, qty: int) -> None:
        super().execute(row, qty)
        self.executions[-1].liquidity = "MAKER"


class FillsBeforeItConfirms(AnswersLater):
    """Its fills overtake the confirmation of their order."""

    def confirm(self, accepted: OrderAccepted) -> None:
        self.put(*self.venue.stream_fills())
        self.put(accepted)


class AnswersCancelsTwice(AnswersLater):
    """The answer to a cancel is sent twice."""

    def put(self, *answers: Answer) -> None:
        for one in answers:
            super().put(one)
            if isinstance(one, OrderCanceled):
                super().put(CancelFailed(one.order_id, "again", one.ts_ns))


class KnowsOfNoAnswer(AnswersLater):
    """Says that nothing is on its way while a confirmation is."""

    def next_answer_ns(self) -> int | None:
        only = len(self.line) == 1 and isinstance(self.line[0][1], OrderAccepted)
        return None if only else super().next_answer_ns()
