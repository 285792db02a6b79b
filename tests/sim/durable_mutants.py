"""Runs with one rule of the outbox, the gate or the kill switch broken: each must be caught.

A mutant is a patch of the product for as long as a seed is played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any

import pytest

from tools.live import outbox, shell
from tools.live.core.contracts_v1 import OrderUnknown, Output, Reapproved, RunResumed
from tools.live.core.order import Order
from tools.live.durable_run import DurableRun
from tools.live.exchange_query import Found, OrderAnswer
from tools.live.fold import _VERBS, Fold
from tools.live.journal.line import JournalLine
from tools.live.order_store import FillOutcome, InMemoryOrderStore
from tools.live.outbox import Doubt
from tools.live.risk_monitor import RuntimeRiskMonitor
from tools.live.shell import Shell

Mutant = Callable[[], AbstractContextManager[None]]


@contextmanager
def patched(owner: Any, name: str, value: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, value)
        yield


def verb(event: type[Any], value: Callable[..., Sequence[Output]]) -> AbstractContextManager[None]:
    """Another verb for an input."""

    @contextmanager
    def entered() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(_VERBS, event, value)
            yield

    return entered()


def send_without_asking() -> AbstractContextManager[None]:
    """A lost answer is taken for a lost request."""
    unknown = Fold.unknown

    def again(self: Fold, client_order_id: str, message: str, ts_ns: int) -> Sequence[Output]:
        outputs = unknown(self, client_order_id, message, ts_ns)
        order = self.store.orders[client_order_id]
        if not outputs or self.monitor.frozen or not self.ready:
            return outputs
        made = Reapproved.__new__(Reapproved)
        terms = (client_order_id, order.symbol, order.side_of, order.qty_e9, order.price_e9, ts_ns)
        for name, value in zip(Reapproved.__match_args__, terms, strict=True):
            setattr(made, name, value)
        return (made,)

    return verb(OrderUnknown, again)


def lost_means_rejected() -> AbstractContextManager[None]:
    """A timeout is taken for a no."""

    def rejected(self: Shell, name: str, message: str, cause: int, corr: int) -> None:
        self._rejected(name, message, cause, corr)

    return patched(Shell, "_unknown", rejected)


def no_settle_window() -> AbstractContextManager[None]:
    """The second "no such order" is final, however soon it comes."""
    return patched(outbox, "SETTLE_NS", 0)


def once_is_enough() -> AbstractContextManager[None]:
    """The first "no such order" is final."""

    def gone(self: Doubt, ts_ns: int) -> bool:
        return True

    return patched(Doubt, "is_gone", gone)


def silence_means_absent() -> AbstractContextManager[None]:
    """An exchange that does not answer has no such order."""

    def hear(self: Shell, name: str, question: Any, cause: int, corr: int) -> None:
        order = self.order_store.orders[name]
        try:
            question(self.exchange, order)
        except OSError:
            self.fold.settled(order)
            self._rejected(name, "no answer", cause, corr)
        else:
            heard(self, name, question, cause, corr)

    heard = Shell._hear_of
    return patched(Shell, "_hear_of", hear)


def every_fill_counts() -> AbstractContextManager[None]:
    """The same execution twice is two executions."""
    numbers = count()
    apply = InMemoryOrderStore.apply_fill

    def applied(
        self: InMemoryOrderStore, order: Order, fill_id: str, qty: int, price: int, ns: int
    ) -> FillOutcome:
        return apply(self, order, f"{fill_id}/{next(numbers)}", qty, price, ns)

    return patched(InMemoryOrderStore, "apply_fill", applied)


def doubts_are_not_counted() -> AbstractContextManager[None]:
    """An order in doubt gives its exposure back, and its symbol takes any order."""

    def doubt(self: RuntimeRiskMonitor, symbol: str) -> None:
        exposure = self.exposures[symbol]
        exposure.buys = exposure.sells = 0
        self._revalue(exposure)

    return patched(RuntimeRiskMonitor, "doubt", doubt)


def freeze_is_not_durable() -> AbstractContextManager[None]:
    """Somebody is told that trading has stopped before the journal knows."""

    @contextmanager
    def in_memory(self: DurableRun) -> Iterator[None]:
        yield
        looked = self._desk.on_time()
        if looked is not None:
            self._note(looked)

    return patched(DurableRun, "_durable", in_memory)


def freeze_forgotten_at_the_restart() -> AbstractContextManager[None]:
    """Who starts again trades again."""
    resumed = Fold.resumed

    def thawed(self: Fold, ts_ns: int) -> Sequence[Output]:
        self.monitor.frozen = False
        return resumed(self, ts_ns)

    return verb(RunResumed, thawed)


def sent_before_it_is_durable() -> AbstractContextManager[None]:
    """A command leaves while the journal has it in memory only."""
    made = JournalLine.__init__

    def lazy(self: JournalLine, *given: Any, **named: Any) -> None:
        made(self, *given, **{**named, "commit_each_send": False})

    return patched(JournalLine, "__init__", lazy)


def traded_before_the_books_agree() -> AbstractContextManager[None]:
    """A restart is nothing special."""
    resumed = Fold.resumed

    def at_once(self: Fold, ts_ns: int) -> Sequence[Output]:
        strategy = self.strategy
        outputs = resumed(self, ts_ns)
        self.ready, self.strategy = True, strategy
        return outputs

    def no_look(self: DurableRun, unanswered: Any) -> None:
        self.loop.resume(unanswered)

    @contextmanager
    def both() -> Iterator[None]:
        with verb(RunResumed, at_once), patched(DurableRun, "_start", no_look):
            yield

    return both()


def nobody_asks_at_the_restart() -> AbstractContextManager[None]:
    """What was on its way when the process ended is left as it is."""

    def resumed(self: Fold, ts_ns: int) -> Sequence[Output]:
        self.ready = False
        self.strategy = None
        return ()

    return verb(RunResumed, resumed)


def unheard_fills_are_strangers() -> AbstractContextManager[None]:
    """The fill of an order in doubt is nobody's."""
    return patched(shell, "may_be_ours", lambda shell, fill: False)


def unconfirmed_cancels_are_forgotten() -> AbstractContextManager[None]:
    """A cancel that timed out is not tried again."""
    return patched(Fold, "_cancels_again", lambda self, ts_ns: [])


def fills_of_the_answer_are_dropped() -> AbstractContextManager[None]:
    """Only the state of a found order is believed, not what it filled; the stream may be late."""
    def bare(exchange: Any, order: Order) -> OrderAnswer:
        answer = asked(exchange, order)
        shown = Found.CANCELED if answer.found is Found.FILLED else answer.found
        return OrderAnswer(shown, answer.order, (), answer.message)

    asked = shell.ask
    return patched(shell, "ask", bare)


MUTANTS: dict[str, Mutant] = {
    made.__name__: made
    for made in (
        send_without_asking, lost_means_rejected, no_settle_window, once_is_enough,
        silence_means_absent, every_fill_counts, doubts_are_not_counted, freeze_is_not_durable,
        freeze_forgotten_at_the_restart, sent_before_it_is_durable,
        traded_before_the_books_agree, nobody_asks_at_the_restart, unheard_fills_are_strangers,
        unconfirmed_cancels_are_forgotten, fills_of_the_answer_are_dropped,
    )
}  # fmt: skip
