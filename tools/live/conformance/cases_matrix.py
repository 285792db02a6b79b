"""The matrix itself: what is declared must be there, and what is there should be declared."""

from __future__ import annotations

from ..exchange import OrderStatus
from ..exchange_query import Found, OrderAnswer
from ..exchange_rules import told_rules
from .capabilities import METHODS, has
from .case import Case, CaseFailed, CaseWarned
from .cases_place import not_taken
from .desk import WORLD_FAILED, Desk, flow

_PLAIN = ("limit", "GTC")
# The number of a case is its name for good: 11 was given before there was another method.
_NUMBERS = {name: at + (at > 10) for at, name in enumerate(METHODS, 1)}


def declared_is_there(name: str, number: int) -> Case:
    """The case that one capability is declared if and only if it is there."""

    def prove(desk: Desk) -> str:
        lacking = [m for m in METHODS[name] if not callable(getattr(desk.exchange, m, None))]
        if has(desk.can, name):
            if lacking:
                raise CaseFailed(f"{name} is declared, and there is no {', '.join(lacking)}")
            return f"declared, with {', '.join(METHODS[name])}"
        if not lacking and _works(desk, name):
            raise CaseWarned(f"{METHODS[name][0]} works, and {name} is not declared")
        return "not declared, and not there"

    title = f"{name} is declared if it is there"
    return Case(f"matrix-{number:03d}", title, prove)


def other_orders_can_be_sent(desk: Desk) -> str:
    more = [one for one in (*desk.can.order_types, *desk.can.time_in_force) if one not in _PLAIN]
    if more and not callable(getattr(desk.exchange, "submit", None)):
        raise CaseFailed(f"{', '.join(more)} are declared, and there is no submit")
    return f"declared: {', '.join(more)}" if more else "only limit orders that wait are declared"


def repeated_ids_are_declared(desk: Desk) -> str:
    if desk.can.dedupes_client_ids:
        return "declared"
    first = desk.place(desk.request())
    again = desk.request(name=first.request.client_order_id)
    again.price_e9 = first.request.price_e9
    if first.order_id is None or not not_taken(desk, again):
        return "not declared, and one id may make two orders"
    raise CaseWarned("a repeated client order id is refused, and dedupes_client_ids not declared")


def sequence_is_declared(desk: Desk) -> str:
    if desk.can.sequential_ids:
        return "declared"
    taken = [one.order_id for one in flow(desk, 6) if one.order_id is not None]
    digits = ["".join(char for char in one if char.isdecimal()) for one in taken]
    numbers = [int(one) for one in digits if one]
    counted = list(range(numbers[0], numbers[0] + len(taken))) if numbers else None
    if len(taken) < 3 or counted != numbers:
        return "not declared, and ids do not count up"
    raise CaseWarned("order ids count up by one, and sequential_ids is not declared")


def _works(desk: Desk, name: str) -> bool:
    """Whether what is not declared gives an answer all the same."""
    if name == "query":
        return _asked(desk)
    if name == "answers_later":
        return _is_later(desk)
    if name in ("fills_listing", "balances"):
        try:
            return getattr(desk.exchange, METHODS[name][0])() is not None
        except WORLD_FAILED:
            return False
    if name == "lists_rules":
        return _has_rules(desk)
    return name in ("cancel", "cancel_by_client_id", "resets")


def _asked(desk: Desk) -> bool:
    try:
        answer = desk.exchange.get_order("CLI99999999")
    except WORLD_FAILED:
        return False
    return isinstance(answer, OrderAnswer) and answer.found is Found.UNKNOWN


def _has_rules(desk: Desk) -> bool:
    try:
        told = told_rules(desk.exchange, desk.stage.symbols)
    except WORLD_FAILED:
        return False
    return any(rules.any for rules in told.values())


def _is_later(desk: Desk) -> bool:
    try:
        return desk.exchange.place_limit(desk.request()).status is OrderStatus.PENDING
    except WORLD_FAILED:
        return False


CASES = (
    *(declared_is_there(name, number) for name, number in _NUMBERS.items()),
    Case("matrix-011", "other kinds of orders are declared where they can be sent",
         other_orders_can_be_sent),
    Case("claims-001", "dedupes_client_ids is declared if it is so", repeated_ids_are_declared),
    Case("claims-002", "sequential_ids is declared if it is so", sequence_is_declared),
)
