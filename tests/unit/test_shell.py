"""The shell alone: what it may send, and in which order the line hears of it."""

from __future__ import annotations

import gc
import weakref

from tests.unit.builders import (
    BTC, T0_NS, PlainExchange, a_fold, a_loop, a_quote_event, some_params,
)  # fmt: skip
from tools.live.core.contracts_v1 import BUY, OrderAccepted, PlaceOrderRequest
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
