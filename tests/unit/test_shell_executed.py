"""The shell's way of a fill that tells more: `tools.live.shell_executed`."""

from __future__ import annotations

import pytest

from tests.sim.sim_disk import SimDisk
from tests.unit.builders import (
    BTC, T0_MS, T0_NS, PlainExchange, a_fold, a_loop, a_monitor, a_quote, a_quote_event, e9,
    events_of, quoted, recorded, some_params,
)  # fmt: skip
from tests.unit.run_journals import an_opening, write_run
from tools.live.core.contracts_v1 import (
    BUY, Entry, Executed, Fill, FillRefused, Frozen, Input, OrderAccepted, OrderUnknown, Output,
    ParamsSet, QueryFailed, TimerFired,
)  # fmt: skip
from tools.live.core.errors import LineFailed
from tools.live.core.line import Line, source_of
from tools.live.exchange import FillEvent
from tools.live.journal.rederive import rederive
from tools.live.shell_executed import book_executed

FEE = 3 * 10**15


def report(
    exchange: PlainExchange, *, order_id: str = "X1", fee: int | None = FEE, why: str = "queue",
    fill_id: str | None = "F1", qty: float = 0.01,
) -> None:  # fmt: skip
    exchange.report(order_id, fill_id=fill_id, liquidity="maker", qty=qty)
    exchange.reports[-1].fee_e18, exchange.reports[-1].why = fee, why


@pytest.mark.parametrize(("fee", "why"), [(FEE, "queue"), (FEE, ""), (0, ""), (None, "queue")])
def test_what_tells_more_is_on_the_line_as_executed(fee: int | None, why: str) -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    report(exchange, fee=fee, why=why)
    loop.on_fill()
    ts_ns = loop.event_clock.ns
    assert events_of(loop, Executed) == [
        Executed("F1", "X1", BTC, BUY, e9(0.01), e9(50_000), "maker", fee, why, ts_ns)
    ]
    assert events_of(loop, Fill) == []
    assert loop.stats["orders_filled"] == 1


def test_what_tells_nothing_more_is_a_fill() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    report(exchange, fee=None, why="")
    loop.on_fill()
    assert [len(events_of(loop, kind)) for kind in (Executed, Fill)] == [0, 1]


def test_its_cause_is_the_order_and_it_shares_the_chain_of_the_quote() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    report(exchange)
    loop.on_fill()
    accepted = next(e for e in recorded(loop) if isinstance(e.event, OrderAccepted))
    executed = recorded(loop)[-1]
    assert isinstance(executed.event, Executed)
    assert (executed.corr, executed.cause) == (accepted.corr, accepted.cause)


def test_what_follows_is_carried_out_with_the_execution_as_its_cause() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    report(exchange, order_id="Z9")
    loop.on_fill()
    told = {type(e.event): e for e in recorded(loop)}
    executed = told[Executed]
    assert (executed.corr, executed.cause) == (executed.seq, 0)
    for kind in (FillRefused, Frozen):
        assert (told[kind].cause, told[kind].corr) == (executed.seq, executed.seq)
    assert exchange.canceled == ["X1", "X2"]


def test_without_a_line_it_is_booked_all_the_same() -> None:
    exchange = PlainExchange()
    loop = a_loop(exchange)
    loop.line = None
    loop.on_quote(a_quote(), some_params())
    report(exchange)
    loop.on_fill()
    assert loop.risk_monitor.ledger.holdings[BTC].fees_e18 == FEE
    before = loop.seq
    report(exchange, order_id="Z9", fill_id="F2")
    loop.on_fill()
    assert loop.seq > before + 1 and loop.risk_monitor.frozen


def test_an_unnamed_one_gets_a_name_and_time_never_goes_back() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    report(exchange, fill_id=None)
    exchange.reports[-1].timestamp_ms = 1
    loop.on_fill()
    (event,) = events_of(loop, Executed)
    assert isinstance(event, Executed)
    assert (event.fill_id, event.ts_ns) == ("X1/1", loop.event_clock.ns)


def test_where_the_line_fails_nothing_is_booked_and_trading_ends() -> None:
    class Full(Line):
        def input(self, *said: object) -> None:
            if isinstance(said[-1], Executed):
                raise LineFailed("the disk is full")
            super().input(*said)  # type: ignore[arg-type]

    exchange = PlainExchange()
    loop = a_loop(exchange)
    loop.line = Full()
    loop.on_quote(a_quote(), some_params())
    report(exchange)
    with pytest.raises(LineFailed):
        loop.on_fill()
    assert loop.risk_monitor.frozen
    assert loop.stats["orders_filled"] == 0


def test_the_writer_is_made_for_the_first_and_kept() -> None:
    exchange = PlainExchange()
    loop = quoted(exchange)
    hearing = loop._hearing
    assert hearing is not None
    assert hearing.executed is hearing.executed
    book_executed(loop, FillEvent("X1", BTC, BUY, 50_000, 0.01, T0_MS, "F7", why="q"), "F7", 99, 7)
    assert recorded(loop)[-1].seq == 99


def test_without_a_cause_it_may_come_between_two_questions() -> None:
    """As behind a restart, when nobody knows any more which quote an order was for."""
    fold, entries = a_fold(), [Entry(1, "operator", 1, 0, ParamsSet(e9(0.01), 0, T0_NS))]

    def say(event: Input, cause: int = 0) -> list[Output]:
        entries.append(Entry(len(entries) + 1, source_of(type(event)), 1, cause, event))
        return list(fold.step(event))

    def decide(output: Output, cause: int) -> int:
        entries.append(Entry(len(entries) + 1, "loop", 1, cause, output))
        return len(entries)

    asked = []
    sent = [decide(output, 2) for output in say(a_quote_event())]
    for number, place in enumerate(sent, 1):
        (question,) = say(OrderUnknown(f"CLI{number:08d}", "timeout", T0_NS), place)
        asked.append(decide(question, len(entries)))
        assert say(QueryFailed(f"CLI{number:08d}", "silent", T0_NS), asked[-1]) == []
    questions = say(TimerFired(T0_NS + 60 * 10**9))
    assert len(questions) == 2
    timer = len(entries)
    first = decide(questions[0], timer)
    late = T0_NS + 60 * 10**9
    assert not say(OrderAccepted("CLI00000001", "X1", late), first)
    assert not say(Executed("F1", "X1", BTC, BUY, e9(0.01), e9(50_000), "", 5, "", late))
    second = decide(questions[1], timer)
    assert not say(OrderAccepted("CLI00000002", "X2", late), second)
    disk = SimDisk()
    write_run(disk, an_opening(a_monitor(), {}), entries)
    assert rederive(disk).difference is None
