"""Lost answers and broken lines: a doubt is raised as one, and never made into a plausible no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.errors import NotSent
from ..exchange_query import Found
from .candidate import Fate
from .case import Case, CaseFailed, CaseNotDriven, require
from .cases_query import ask
from .desk import WORLD_FAILED, Desk


def doubt(desk: Desk, send: Callable[[], Any], what: str) -> Exception:
    """The exception that a call raises which has no definite answer."""
    try:
        answer = send()
    except WORLD_FAILED as error:
        return error
    if desk.can.answers_later and not _is_definite(desk, answer):
        return TimeoutError("no answer")
    raise CaseFailed(f"{what} was answered {answer!r:.80}")


def lost_answer_is_a_doubt(desk: Desk) -> str:
    request = desk.request()
    desk.meets(request, Fate.RESTS)
    _call(desk.stage.lose_answer)
    error = doubt(desk, lambda: desk.exchange.place_limit(request), "a request with a lost answer")
    sure = isinstance(error, NotSent)
    require(not sure, "a request whose answer was lost raised NotSent, but it may have arrived")
    return f"raised {type(error).__name__}"


def a_doubt_can_be_asked_about(desk: Desk) -> str:
    name = _lose(desk)
    found = ask(desk, name).found
    require(found is Found.OPEN, f"{name} arrived and rests, its answer was lost: {found.value}")
    return f"{name} is {found.value}"


def a_doubt_makes_one_order(desk: Desk) -> str:
    name = _lose(desk)
    open_ = [one.order_id for one in desk.open_orders() if one.client_order_id == name]
    require(len(open_) <= 1, f"{name} was sent once, its answer was lost; it is open as {open_}")
    return f"{name} is open {len(open_)} x"


def kept_back_was_not_sent(desk: Desk) -> str:
    request = desk.request()
    _call(desk.stage.keep_back)
    try:
        answer = desk.exchange.place_limit(request)
    except NotSent:
        pass
    except WORLD_FAILED as error:
        raise CaseFailed(f"a request that was kept back raised {type(error).__name__}, not NotSent")
    else:
        raise CaseFailed(f"a request that was kept back was answered {answer!r:.80}")
    desk.settle()
    named = [one for one in desk.open_orders() if one.client_order_id == request.client_order_id]
    require(not named, "a request raised NotSent, and its order is open")
    return "NotSent, and nothing is there"


def not_sent_is_unknown(desk: Desk) -> str:
    request = desk.request()
    _call(desk.stage.keep_back)
    try:
        desk.exchange.place_limit(request)
    except NotSent:
        found = ask(desk, request.client_order_id).found
        require(found is Found.UNKNOWN, f"a request raised NotSent, and its order is {found.value}")
        return "unknown there"
    except WORLD_FAILED:
        pass
    raise CaseNotDriven("no request raised NotSent")


def a_cut_line_is_no_empty_answer(desk: Desk) -> str:
    desk.resting()
    desk.filling(symbol=desk.stage.symbols[1])
    _call(desk.stage.disconnect)
    calls: dict[str, Callable[[], Any]] = {
        "get_open_orders": desk.exchange.get_open_orders,
        "get_positions": desk.exchange.get_positions,
    }
    if desk.can.query:
        calls["get_order"] = lambda: desk.exchange.get_order("CLI00000001")
    if desk.can.fills_listing:
        calls["get_fills"] = desk.exchange.get_fills
    for name, call in calls.items():
        doubt(desk, call, f"{name} on a cut line")
    return f"{len(calls)} questions raised"


def a_cut_line_takes_no_order(desk: Desk) -> str:
    request = desk.request()
    desk.meets(request, Fate.RESTS)
    _call(desk.stage.disconnect)
    error = doubt(desk, lambda: desk.exchange.place_limit(request), "a request on a cut line")
    _call(desk.stage.reconnect)
    there = [o for o in desk.open_orders() if o.client_order_id == request.client_order_id]
    lied = isinstance(error, NotSent) and there
    require(not lied, "a request raised NotSent on a cut line, and its order is open")
    return f"raised {type(error).__name__}"


def open_orders_outlive_a_cut(desk: Desk) -> str:
    order_id = desk.resting().order_id
    _call(desk.stage.disconnect)
    _call(desk.stage.reconnect)
    listed = [one.order_id for one in desk.open_orders()]
    require(order_id in listed, f"{order_id} was open before the line was cut, and is forgotten")
    return f"{order_id} is still listed"


def fills_outlive_a_cut(desk: Desk) -> str:
    order_id = desk.resting().order_id or ""
    _call(desk.stage.disconnect)
    assert desk.stage.fill is not None
    desk.stage.fill(order_id, desk.stage.qty_e9)
    _call(desk.stage.reconnect)
    desk.settle()
    filled = desk.filled(order_id)
    require(filled > 0, f"{order_id} filled while the line was cut, and that was never told")
    return f"{order_id} filled {filled} meanwhile"


def _lose(desk: Desk) -> str:
    """Send an order that arrives, rests, and whose answer is lost; our id of it."""
    request = desk.request()
    desk.meets(request, Fate.RESTS)
    _call(desk.stage.lose_answer)
    try:
        desk.exchange.place_limit(request)
    except WORLD_FAILED:
        pass
    desk.settle()
    return request.client_order_id


def _is_definite(desk: Desk, answer: Any) -> bool:
    """Whether a request got an answer after all, at once or later."""
    if getattr(answer, "order_id", None) is not None or not getattr(answer, "success", False):
        return True
    behind = len(desk.heard)
    desk.settle()
    return len(desk.heard) > behind


def _call(hook: Callable[[], None] | None) -> None:
    assert hook is not None
    hook()


_LOST = ("meets", "lose_answer")
_CUT = ("meets", "disconnect", "reconnect")
CASES = (
    Case("doubt-001", "a lost answer is raised, and never NotSent", lost_answer_is_a_doubt, (),
         _LOST),
    Case("doubt-002", "an order whose answer was lost can be asked about",
         a_doubt_can_be_asked_about, ("query",), _LOST),
    Case("doubt-003", "a lost answer makes one order, not two", a_doubt_makes_one_order, (), _LOST),
    Case("doubt-004", "what was kept back raises NotSent and is not there",
         kept_back_was_not_sent, (), ("keep_back",)),
    Case("doubt-005", "what was kept back is unknown", not_sent_is_unknown, ("query",),
         ("keep_back",)),
    Case("doubt-006", "a cut line raises, and gives no empty list", a_cut_line_is_no_empty_answer,
         (), _CUT),
    Case("doubt-007", "a cut line takes no order in silence", a_cut_line_takes_no_order, (), _CUT),
    Case("doubt-008", "open orders outlive a cut line", open_orders_outlive_a_cut, (), _CUT),
    Case("doubt-009", "fills while the line was cut are told", fills_outlive_a_cut, (),
         (*_CUT, "fill")),
)  # fmt: skip
