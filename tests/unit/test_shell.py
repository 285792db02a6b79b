"""The shell alone: what it may send, and in which order the line hears of it."""

from __future__ import annotations

import gc
import weakref
from typing import NoReturn

import pytest

from tests.unit.builders import (
    BTC, T0_NS, PlainExchange, a_fold, a_loop, a_quote, a_quote_event, some_params,
)  # fmt: skip
from tools.live.core.contracts_v1 import BUY, Input, OrderAccepted, Output, PlaceOrderRequest
from tools.live.core.errors import LineFailed
from tools.live.core.line import Line
from tools.live.shell import Shell


def a_shell(exchange: PlainExchange, line: Line | None = None) -> Shell:
    return Shell(exchange, a_fold(), lambda: T0_NS // 10**6, line)


def test_a_request_that_no_gate_approved_is_not_sent() -> None:
    """The type checker forbids it; the shell knows no such command either."""
    exchange = PlainExchange()
    forged = PlaceOrderRequest("CLI00000001", BTC, BUY, 1, 100)
    a_shell(exchange)._carry_out([forged], 0, 0)  # type: ignore[list-item]
    assert exchange.resting == {}


def test_what_was_approved_is_what_is_sent() -> None:
    """Not a copy: nothing can come between the two."""
    exchange = PlainExchange()
    line = Line()
    shell = a_shell(exchange, line)
    shell._take(a_quote_event())
    sent = [entry.event for entry in line.entries if entry.event.kind == "order.place"]
    assert len(sent) == 2
    assert [id(request) for request in exchange.resting.values()] == [id(event) for event in sent]


def test_an_answer_is_an_input_that_names_its_cause() -> None:
    line = Line()
    shell = a_shell(PlainExchange(), line)
    shell._take(a_quote_event())
    kinds = [entry.event.kind for entry in line.entries]
    assert kinds == ["md.quote", "order.place", "order.accepted", "order.place", "order.accepted"]
    for placed, answer in ((1, 2), (3, 4)):
        assert isinstance(line.entries[answer].event, OrderAccepted)
        assert line.entries[answer].cause == line.entries[placed].seq
        assert line.entries[answer].corr == line.entries[0].seq
    assert [entry.seq for entry in line.entries] == [1, 2, 3, 4, 5]
    assert shell.seq == 5


def test_a_loop_is_gone_when_nobody_holds_it() -> None:
    """It has no cycle in it, so a long run gives its memory back at once."""
    loop = a_loop(recorded=False)
    loop.run_shadow(some_params(iterations=2))
    orders = weakref.ref(loop.fold)
    gc.disable()
    try:
        del loop
        assert orders() is None
    finally:
        gc.enable()


class BrokenLine(Line):
    """A line that fails at one seq and takes nothing afterwards."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at
        self.interrupted = False

    def input(self, seq: int, corr: int, cause: int, event: Input) -> None:
        self._check(seq)
        super().input(seq, corr, cause, event)

    def output(self, seq: int, corr: int, cause: int, event: Output) -> None:
        self._check(seq)
        super().output(seq, corr, cause, event)

    def interrupt(self) -> None:
        self.interrupted = True
        self.at = 0

    def _check(self, seq: int) -> None:
        if seq >= self.at:
            raise LineFailed(f"no place for seq {seq}")


@pytest.mark.parametrize("at", range(2, 12))
def test_when_the_line_fails_nothing_more_is_sent_and_what_rests_is_canceled(at: int) -> None:
    """Params are seq 1, a quote and its two orders with their answers five more, and so on."""
    exchange = PlainExchange()
    loop = a_loop(exchange, recorded=False)
    loop.line = BrokenLine(at)
    with pytest.raises(LineFailed, match="no place for seq"):
        loop.run_shadow(some_params(iterations=5))
    recorded = [entry.event for entry in loop.line.entries]
    placed = [event for event in recorded if event.kind == "order.place"]
    assert exchange.named == len(placed)  # none was sent that is not on the line
    assert exchange.resting == {}
    assert len(exchange.canceled) == exchange.named  # what the line did not hear of, too
    assert loop.risk_monitor.frozen
    assert loop.risk_monitor.last_freeze_reason == "the line cannot be recorded"
    loop.abandon()
    assert len(exchange.canceled) == exchange.named  # once


def test_an_order_that_nobody_here_knows_is_left_alone_when_the_line_fails() -> None:
    exchange = PlainExchange()
    exchange.place_limit(PlaceOrderRequest("OTHER", BTC, BUY, 1, 100))
    loop = a_loop(exchange, recorded=False)
    loop.line = BrokenLine(4)  # the first acknowledgement
    with pytest.raises(LineFailed):
        loop.run_shadow(some_params())
    assert exchange.canceled == ["X2"] and list(exchange.resting) == ["X1"]


def test_an_exchange_that_cannot_list_its_orders_is_asked_in_vain_when_the_line_fails() -> None:
    exchange = PlainExchange()
    loop = a_loop(exchange, recorded=False)
    loop.on_quote(a_quote(), some_params())

    def unheard(symbol: str | None = None) -> NoReturn:
        raise ConnectionError("no line to the venue")

    exchange.get_open_orders = unheard  # type: ignore[method-assign]
    loop.abandon()
    assert exchange.canceled == ["X1", "X2"]


def test_it_fails_for_people_as_it_does_for_runs() -> None:
    """Each door: a fill that is reported, an order to stop, a requote."""
    for door in ("on_fill", "freeze", "cancel_all"):
        exchange = PlainExchange()
        loop = a_loop(exchange, recorded=False)
        loop.on_quote(a_quote(), some_params())
        exchange.report("X1", qty=0.001)
        loop.line = BrokenLine(0)
        with pytest.raises(LineFailed):
            {
                "on_fill": loop.on_fill,
                "freeze": lambda: loop.freeze("stop", "me"),
                "cancel_all": lambda: loop.cancel_all("stop"),
            }[door]()
        assert sorted(exchange.canceled) == ["X1", "X2"]


def test_a_cancel_that_fails_does_not_keep_the_others_from_being_sent() -> None:
    exchange = PlainExchange()
    loop = a_loop(exchange, recorded=False)
    loop.on_quote(a_quote(), some_params())
    refused: list[str] = []

    def cancel(order_id: str) -> bool:
        refused.append(order_id)
        raise ConnectionError("no line to the venue")

    exchange.cancel = cancel  # type: ignore[method-assign]
    loop.abandon()
    assert refused == ["X1", "X2"]


@pytest.mark.parametrize("where", ["place_limit", "cancel"])
def test_an_interrupt_is_told_to_the_line_and_a_failure_is_not(where: str) -> None:
    for error, told in ((KeyboardInterrupt(), True), (RuntimeError("broke"), False)):
        exchange = PlainExchange()
        loop = a_loop(exchange, recorded=False)
        loop.line = line = BrokenLine(10**9)
        if where == "cancel":
            loop.on_quote(a_quote(), some_params())

        def failing(_: object, error: BaseException = error) -> NoReturn:
            raise error

        setattr(exchange, where, failing)
        with pytest.raises(type(error)):
            if where == "cancel":
                loop.cancel_all("stop")
            else:
                loop.on_quote(a_quote(), some_params())
        assert line.interrupted is told
        assert loop.risk_monitor.frozen is told  # what is not recorded may not go on
