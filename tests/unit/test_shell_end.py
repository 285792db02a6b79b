"""A run that is left leaves nothing at the exchange, or says what: `tools.live.shell_end`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sim.sim_disk import SimDisk
from tests.sim.venue import Script
from tests.unit.builders import (
    BTC, T0_MS, T0_NS, PlainExchange, a_fake, a_loop, a_monitor, a_quote, events_of, recorded,
    some_params, states,
)  # fmt: skip
from tests.unit.durable_desk import Desk, quote
from tests.unit.late_exchange import LateExchange, a_late_loop, accepted, canceled, rejected
from tests.unit.left_runs import check_nothing_comes_to_rest, in_flight, simulated_of
from tests.unit.test_shell import BrokenLine
from tools.live.core.clock import EventClock
from tools.live.core.contracts_v1 import (
    BUY, Approved, CancelOrder, FreezeOrdered, OrderAccepted, OrderCanceled, OrderUnknown,
    PlaceOrderRequest, QueryOrder,
)  # fmt: skip
from tools.live.core.errors import LineFailed, LiveError
from tools.live.core.order import CANCELED, PENDING, REJECTED, TERMINAL
from tools.live.exchange import OpenOrder, OrderStatus, PlaceOrderResponse
from tools.live.execution_loop import ExecutionLoop
from tools.live.fold import Fold
from tools.live.journal.errors import StorageFailed
from tools.live.journal.halt import resume
from tools.live.market.synthetic import SyntheticMarket
from tools.live.order_store import InMemoryOrderStore
from tools.live.outbox import SETTLE_NS
from tools.live.shell_end import LastCancels, tell_left
from tools.live.sim.delays import SLOW
from tools.live.sim.exchange import SimulatedExchange
from tools.live.sim.faults.plan import Fault, FaultKind, FaultPlan
from tools.live.sim.faults.wire import FaultyExchange
from tools.live.sim.terms import Terms
from tools.live.sim.world import SimulatedWorld

STEPS = 12


# A run in memory records its end.


LOST = FaultPlan((Fault(FaultKind.LOSE_ANSWER), Fault(FaultKind.LOSE_CANCEL_ANSWER)))


def a_run_with_delays(
    plan: FaultPlan | None = None, *, line: Any = None
) -> tuple[ExecutionLoop, Any]:
    """A loop and a simulated world in which everything takes its time."""
    simulated = SimulatedExchange(Terms(delays=SLOW))
    bad = None if plan is None else FaultyExchange(simulated, plan)
    loop = a_loop(bad or simulated, a_monitor(100_000, 100_000), recorded=line is None)
    if line is not None:
        loop.line = line
    return loop, SimulatedWorld(SyntheticMarket([BTC], STEPS, T0_NS), simulated, line=bad)


def interrupted(loop: ExecutionLoop, world: Any, at: int = 5) -> BaseException:
    def stop(done: int, steps: int) -> None:
        if done == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as ended:
        loop.run_shadow(some_params(iterations=STEPS), world, stop)
    return ended.value


def test_the_end_of_a_run_in_memory_is_on_its_line() -> None:
    loop, world = a_run_with_delays()
    ended = interrupted(loop, world)
    assert not getattr(ended, "__notes__", [])
    [frozen] = [one for one in recorded(loop) if isinstance(one.event, FreezeOrdered)]
    assert isinstance(frozen.event, FreezeOrdered) and frozen.event.reason == "interrupted"
    behind = recorded(loop)[frozen.seq :]
    taken = [one.event.order_id for one in behind if isinstance(one.event, OrderAccepted)]
    gone = [one.event.order_id for one in behind if isinstance(one.event, OrderCanceled)]
    assert len(taken) == 2 and set(taken) <= set(gone)
    assert all(order.state in TERMINAL for order in loop.order_store.get_all())
    check_nothing_comes_to_rest(loop)
    again = Fold(InMemoryOrderStore(), a_monitor(100_000, 100_000))
    for entry in recorded(loop):
        if entry.src != "loop":
            again.step(entry.event)  # type: ignore[arg-type]
    assert again.store.count_by_state() == loop.order_store.count_by_state()


def test_lost_answers_are_asked_for_before_the_run_is_left() -> None:
    loop, world = a_run_with_delays(LOST)
    interrupted(loop, world)
    assert events_of(loop, QueryOrder) and loop.may_rest == ()
    check_nothing_comes_to_rest(loop)


def test_what_the_exchange_cannot_tell_stays_in_doubt() -> None:
    loop, world = a_run_with_delays(FaultPlan((Fault(FaultKind.OUTAGE, 4 * 10**9),)))
    started = loop.event_clock
    ended = interrupted(loop, world)
    assert loop.may_rest and set(loop.fold.outbox.doubts) <= set(loop.may_rest)
    assert loop.fold.outbox.doubts
    [note] = ended.__notes__
    assert note.startswith(f"{len(loop.may_rest)} of our orders may still rest at the exchange: ")
    assert started.ns < T0_NS + 3600 * 10**9  # it is not waited for for ever


def test_an_interrupt_between_two_steps_is_one_too() -> None:
    loop, world = a_run_with_delays()
    going = loop.trade(some_params(iterations=STEPS), world)
    for _ in range(5):
        next(going)
    with pytest.raises(KeyboardInterrupt):
        going.throw(KeyboardInterrupt())
    check_nothing_comes_to_rest(loop)


def test_a_run_that_is_given_up_is_only_closed() -> None:
    loop, world = a_run_with_delays()
    going = loop.trade(some_params(iterations=STEPS), world)
    for _ in range(5):
        next(going)
    going.close()
    assert not simulated_of(loop).driven
    assert events_of(loop, FreezeOrdered) == [] and loop.may_rest == ()


def test_an_order_that_was_being_sent_is_asked_for() -> None:
    exchange = PlainExchange()
    loop = a_loop(exchange)
    place = exchange.place_limit

    def interrupt(req: PlaceOrderRequest) -> PlaceOrderResponse:
        place(req)
        raise KeyboardInterrupt

    exchange.place_limit = interrupt  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        loop.run_shadow(some_params(), SyntheticMarket([BTC], 5, T0_NS))
    [unknown] = events_of(loop, OrderUnknown)
    assert isinstance(unknown, OrderUnknown) and unknown.client_order_id == "CLI00000001"
    assert exchange.resting == {} and states(loop) == [CANCELED, REJECTED]


def test_an_exchange_that_breaks_while_it_is_left_is_left() -> None:
    loop, exchange = a_late_loop()
    exchange.queue.append(LiveError("no connection"))
    exchange.next_ns = loop.event_clock.ns + 1
    loop.leave("interrupted")
    assert loop.may_rest == ("CLI00000001", "CLI00000002")


# A line that fails.


@pytest.mark.parametrize("plan", [None, LOST], ids=["delays", "lost answers"])
@pytest.mark.parametrize("at", range(2, 60))
def test_when_the_line_fails_what_is_on_its_way_is_canceled_when_it_arrives(
    at: int, plan: FaultPlan | None
) -> None:
    loop, world = a_run_with_delays(plan, line=BrokenLine(at))
    with pytest.raises(LineFailed) as failed:
        loop.run_shadow(some_params(iterations=STEPS, requote=True), world)
    assert not getattr(failed.value, "__notes__", [])
    placed = [one for one in recorded(loop) if isinstance(one.event, Approved)]
    assert loop.may_rest == ()
    check_nothing_comes_to_rest(loop)
    known = [simulated_of(loop).get_order(one.event.client_order_id) for one in placed]
    assert len(known) == len(placed)


@pytest.mark.parametrize("at", range(2, 30))
@pytest.mark.parametrize("fill_rate", [0.0, 1.0])
def test_what_was_never_sent_or_has_filled_is_not_said_to_rest(at: int, fill_rate: float) -> None:
    """An exchange that answers at once and cannot be asked: what is unsure would stay so."""
    loop = a_loop(a_fake(fill_rate), a_monitor(100_000, 100_000), recorded=False)
    loop.line = BrokenLine(at)
    with pytest.raises(LineFailed):
        loop.run_shadow(some_params(iterations=8), SyntheticMarket([BTC], 8, T0_NS))
    assert loop.may_rest == () and loop.exchange.get_open_orders() == []


def test_where_the_line_fails_and_the_exchange_is_silent_that_is_said() -> None:
    plan = FaultPlan((Fault(FaultKind.OUTAGE, 4 * 10**9),))
    loop, world = a_run_with_delays(plan, line=BrokenLine(40))
    with pytest.raises(LineFailed) as failed:
        loop.run_shadow(some_params(iterations=STEPS), world)
    assert loop.may_rest
    [note] = failed.value.__notes__
    assert all(name in note for name in loop.may_rest[:10])


def test_where_the_client_and_the_line_break_together_nothing_is_left_either() -> None:
    line = BrokenLine(10**9)
    loop, world = a_run_with_delays(line=line)
    place, sent = loop.exchange.place_limit, []

    def breaking(req: PlaceOrderRequest) -> PlaceOrderResponse:
        sent.append(place(req))
        if len(sent) == 5:
            line.at = 0
            raise RuntimeError("broke")
        return sent[-1]

    loop.exchange.place_limit = breaking  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        loop.run_shadow(some_params(iterations=STEPS), world)
    assert loop.may_rest == () and len(sent) == 5
    check_nothing_comes_to_rest(loop)


def test_at_the_doors_it_is_settled_at_once() -> None:
    loop, exchange = a_late_loop()
    exchange.queue += [accepted(1), rejected(2)]
    exchange.next_ns = loop.event_clock.ns
    loop.line = BrokenLine(0)
    with pytest.raises(LineFailed):
        loop.on_edge_update(BTC, 5.0)
    assert exchange.canceled == ["X1"]
    assert loop.may_rest == ()  # it is not listed any more
    loop.abandon()
    assert exchange.canceled == ["X1"]


def test_a_durable_run_that_is_halted_asks_at_its_next_start() -> None:
    """The request is on its way to a venue of its own time: nobody can wait for it here."""
    desk = Desk()
    run = desk.open(Script("late_request"))
    assert isinstance(desk.disk, SimDisk)
    quote(run, desk)
    assert in_flight(run.loop) == ["CLI00000001"] and len(desk.venue.late) == 1
    desk.disk.faults = desk.disk.faults._replace(planted=desk.disk.ops + 1)
    with pytest.raises(StorageFailed) as failed:
        run.on_edge_update(BTC, 5.0)
    assert desk.venue.resting() == []
    assert run.loop.may_rest == ("CLI00000001",)
    assert failed.value.__notes__[0].startswith("1 of our orders may still rest at the exchange")
    desk.disk.faults = desk.disk.faults._replace(planted=0)
    desk.end()
    resume(desk.disk, actor="a test", reason="seen", holder="a test", time_ns=desk.now_ns)
    run = desk.open()
    assert desk.wire.asked[0] == "CLI00000001"
    assert run.loop.order_store.orders["CLI00000001"].state is PENDING
    for _ in range(4):
        desk.wait(run, 10)
    assert run.ready
    live = [order.order_id for order in run.loop.order_store.live_orders()]
    assert live == [one.order_id for one in desk.venue.resting()]


# The last cancels by themselves.


def last(exchange: Any, *orders: Any, **named: str) -> tuple[LastCancels, EventClock]:
    clock = EventClock(T0_NS)
    made = LastCancels(exchange, clock)
    made.send(orders, named)
    return made, clock


def test_where_nothing_is_open_no_time_passes() -> None:
    made, clock = last(LateExchange())
    assert made.settle() == () and clock.ns == T0_NS


def test_an_exchange_of_its_own_time_is_not_told_the_time() -> None:
    loop, exchange = a_late_loop()
    made, clock = last(exchange, *loop.order_store.live_orders())
    exchange.next_ns = T0_NS + 5
    exchange.queue.append(accepted(2))
    assert made.settle() == ("CLI00000001",)
    assert exchange.canceled == ["X2"] and clock.ns == T0_NS + 5
    exchange.next_ns = T0_NS + SETTLE_NS + 100  # that is too late to be waited for
    assert made.settle() == ("CLI00000001",) and clock.ns == T0_NS + 5


class Listing(LateExchange):
    """Two orders of ours are open; the first is canceled, but not at once."""

    def get_open_orders(self, symbol: str | None = None) -> list[Any]:
        found = [
            OpenOrder(f"X{number}", f"CLI{number:08d}", BTC, BUY, 1, 0, 1, OrderStatus.OPEN)
            for number in (1, 2)
        ]
        return [*found, OpenOrder("Y1", "OTHER", BTC, BUY, 1, 0, 1, OrderStatus.OPEN)]


def test_the_list_of_open_orders_names_ours_and_shows_what_is_still_open() -> None:
    loop, _ = a_late_loop()
    exchange = Listing()
    made, _ = last(exchange, *loop.order_store.live_orders())
    assert exchange.canceled == ["X1", "X2"]
    exchange.queue.append(canceled("X1"))
    assert made.settle() == ("CLI00000002",)


def test_what_the_books_do_not_know_is_canceled_by_the_name_that_was_heard() -> None:
    loop, exchange = a_late_loop()
    made, _ = last(exchange, *loop.order_store.live_orders(), CLI00000002="X9")
    assert exchange.canceled == ["X9"]
    exchange.queue.append(canceled("X9"))
    assert made.settle() == ("CLI00000001",)


class Askable(LateExchange):
    """Cancels by our own id at once."""

    def cancel_client_order(self, client_order_id: str) -> bool:
        return True

    def get_order(self, client_order_id: str) -> Any:
        raise AssertionError("the cancel was confirmed")

    def get_fills(self) -> None: ...

    def get_balances(self) -> None: ...


def test_what_can_be_canceled_by_our_own_id_is_not_waited_for() -> None:
    loop, _ = a_late_loop()
    exchange = Askable()
    exchange.next_ns = T0_NS + 5
    made, clock = last(exchange, *loop.order_store.live_orders())
    assert made.settle() == () and clock.ns == T0_NS


class Deaf(LateExchange):
    def stream_answers(self) -> Iterator[Any]:
        raise LiveError("no connection")
        yield

    def get_open_orders(self, symbol: str | None = None) -> list[Any]:
        raise LiveError("no connection")


def test_whoever_hears_nothing_knows_nothing() -> None:
    loop, _ = a_late_loop()
    made, _ = last(Deaf(), *loop.order_store.live_orders())
    assert made.settle() == ("CLI00000001", "CLI00000002")


def test_no_more_than_a_few_names_are_told_and_once() -> None:
    error = LiveError("over")
    tell_left(error, ())
    assert not hasattr(error, "__notes__")
    for _ in range(2):
        tell_left(error, tuple(f"C{number}" for number in range(12)))
    [note] = error.__notes__
    assert note.startswith("12 of our orders") and "C9, ...; ask" in note


def test_the_cancels_are_on_the_line_of_a_run_in_memory() -> None:
    loop = a_loop(PlainExchange(), now_ms=T0_MS)
    loop.on_quote(a_quote(), some_params())
    loop.leave("interrupted")
    assert len(events_of(loop, CancelOrder)) == 2 and loop.may_rest == ()
    assert loop.risk_monitor.frozen
    loop.leave("interrupted")
    assert len(events_of(loop, CancelOrder)) == 2
