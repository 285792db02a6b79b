"""Sending an order: what a definite answer is, and what an order looks like afterwards."""

from __future__ import annotations

import re

from ..core.errors import ContractError
from ..exchange import OrderStatus, PlaceOrderRequest
from .candidate import Fate
from .case import Case, require
from .desk import WORLD_FAILED, Desk, NoAnswer, Placed, flow


def fate_is_met(fate: Fate) -> Case:
    """The case that an order meets the fate which the stage arranged for it."""

    def prove(desk: Desk) -> str:
        placed = desk.place(desk.request(), fate)
        desk.settle()
        wrong = desk.missed(placed, fate)
        require(wrong is None, str(wrong))
        return f"{placed.request.client_order_id} {fate.value}"

    number = list(Fate).index(fate) + 1
    return Case(f"stage-{number:03d}", f"an order {fate.value} where that is arranged", prove, (),
                ("meets",))  # fmt: skip


def trade_is_met(desk: Desk) -> str:
    placed = desk.resting(qty=desk.stage.qty_e9 * 4)
    qty = desk.stage.qty_e9
    fills = desk.trade(placed.order_id or "", qty)
    require(bool(fills), f"the world traded {qty} with {placed.order_id}, and no fill came")
    return f"{len(fills)} fill of {placed.order_id}"


def ids_are_unique(desk: Desk) -> str:
    taken = _taken(flow(desk, 40))
    wrong = next((one for one in taken if type(one) is not str), "")
    require(wrong == "", f"the id {wrong!r} is no text")
    twice = next((one for one in taken if taken.count(one) > 1), None)
    require(twice is None, f"the id {twice} was given to more than one order")
    return f"{len(taken)} ids, each once"


def ids_are_sequential(desk: Desk) -> str:
    taken = _taken(flow(desk, 24))
    parts = [re.fullmatch(r"(.*?)([0-9]+)", one) for one in taken]
    for one, match in zip(taken, parts):
        require(match is not None, f"the id {one} does not end in a number")
    numbers = [(match[1], int(match[2])) for match in parts if match is not None]
    for before, after in zip(numbers, numbers[1:]):
        follows = after == (before[0], before[1] + 1)
        require(follows, f"{after[0]}{after[1]} came behind {before[0]}{before[1]}")
    return f"from {taken[0]} to {taken[-1]}" if taken else "no order was taken"


def rejection_leaves_nothing(desk: Desk) -> str:
    placed = desk.arranged(desk.request(), Fate.REJECTED)
    response = placed.response
    if not desk.can.answers_later:
        require(response.order_id is None, f"a rejected order has the id {response.order_id!r}")
        word = response.status
        require(word is OrderStatus.REJECTED, f"a rejected order has the status {word!r:.40}")
    listed = [one.order_id for one in desk.open_orders()]
    require(not listed, f"a rejected order is open as {', '.join(listed)}")
    require(not desk.positions(), "a rejected order moved a position")
    return "no id, nothing open, no position"


def rejection_says_why(desk: Desk) -> str:
    placed = desk.arranged(desk.request(), Fate.REJECTED)
    require(bool(placed.message.strip()), "a rejection came without a word of why")
    return placed.message


def nonsense_is_refused(desk: Desk) -> str:
    for field in ("qty_e9", "price_e9"):
        for value in (0, -1):
            request = desk.request()
            setattr(request, field, value)
            try:
                placed = desk.place(request)
            except ContractError:
                continue
            require(placed.order_id is None, f"an order with {field} {value} was taken")
    require(not desk.open_orders(), "an order without a quantity or a price is open")
    require(not desk.settle(), "an order without a quantity or a price filled")
    return "quantity and price of 0 and below were refused"


def status_fits_the_facts(desk: Desk) -> str:
    listed: dict[str, int] = {}
    for number in range(12):
        fates = (Fate.RESTS, Fate.FILLS, Fate.FILLS_IN_PART)
        placed = desk.place(desk.request(), fates[number % 3] if desk.stage.meets else None)
        desk.settle()
        if placed.order_id is None:
            continue
        listed = {one.order_id: one.filled_e9 for one in desk.open_orders()}
        told = placed.response.status
        filled = desk.filled(placed.order_id)
        fits = {
            OrderStatus.PENDING: True,
            OrderStatus.OPEN: True,  # it may have filled since
            OrderStatus.PARTIALLY_FILLED: filled > 0,
            OrderStatus.FILLED: filled == placed.qty and placed.order_id not in listed,
        }
        where = f"{told.value} for {placed.order_id}, which filled {filled} of {placed.qty}"
        require(fits.get(told, True), f"the answer was {where}")
    return "each status agrees with fills and open orders"


def answers_agree_with_themselves(desk: Desk) -> str:
    for placed in flow(desk, 12):
        told = placed.response
        require(type(told.success) is bool, f"success is {told.success!r:.40}, no bool")
        require(isinstance(told.status, OrderStatus), f"status {told.status!r:.40} is no word of"
                " OrderStatus")  # fmt: skip
        says_no = told.status is OrderStatus.REJECTED
        require(told.success is not says_no, f"success {told.success} with {told.status.value}")
    return f"{len(desk.placed)} answers"


def request_stays_as_it_was(desk: Desk) -> str:
    for qty in (desk.stage.qty_e9, desk.stage.qty_e9 * 3 + 1):
        request = desk.request(qty=qty)
        before = [getattr(request, name) for name in _SLOTS]
        desk.place(request)
        after = [getattr(request, name) for name in _SLOTS]
        for name, was, now in zip(_SLOTS, before, after):
            require(was == now, f"{name} of the caller's request became {now!r:.40}")
    return "no field of the caller's request changed"


_SLOTS = ("client_order_id", "symbol", "side", "qty_e9", "price_e9")


def same_id_makes_one_order(desk: Desk) -> str:
    first = desk.resting()
    again = desk.request(name=first.request.client_order_id)
    again.price_e9 = first.request.price_e9
    not_taken(desk, again)
    named = [o for o in desk.open_orders() if o.client_order_id == again.client_order_id]
    require(len(named) == 1, f"{again.client_order_id} was sent twice and is open {len(named)} x")
    return f"{again.client_order_id} was sent twice and is open once"


def not_taken(desk: Desk, request: PlaceOrderRequest) -> bool:
    """Whether a request was refused, or at least not answered with a second order."""
    try:
        placed = desk.place(request)
    except (NoAnswer, *WORLD_FAILED):
        return True
    return placed.order_id is None


def longest_id_is_kept(desk: Desk) -> str:
    length = desk.can.client_id_length or 0
    name = "CLI" + "7" * (length - 3)
    placed = desk.arranged(desk.request(name=name), Fate.RESTS)
    listed = [one.client_order_id for one in desk.open_orders() if one.order_id == placed.order_id]
    require(listed == [name], f"an id of {length} characters came back as {listed!r:.60}")
    refused = not_taken(desk, desk.request(name=name + "8"))
    require(refused, f"an id of {length + 1} characters was taken; {length} are declared")
    return f"{length} characters are kept, {length + 1} are refused"


def odd_words_raise_nothing_odd(desk: Desk) -> str:
    for odd in ODD_WORDS:
        for field in ("symbol", "client_order_id"):
            request = desk.request()
            setattr(request, field, odd)
            not_taken(desk, request)
        try:
            desk.exchange.cancel(odd)
            desk.open_orders(odd)
        except WORLD_FAILED:
            continue
    return f"{len(ODD_WORDS)} odd words"


ODD_WORDS = ("", " ", "\0", "a\nb", "../../x", "%s{0}", "ü" * 40, "x" * 5000, "'; drop", "-1")


def _taken(placed: list[Placed]) -> list[str]:
    return [one.order_id for one in placed if one.order_id is not None]


CASES = (
    *(fate_is_met(fate) for fate in Fate),
    Case("stage-005", "a resting order fills where the world trades with it", trade_is_met, (),
         ("meets", "fill")),
    Case("place-001", "every order that is taken has an id of its own", ids_are_unique),
    Case("place-002", "order ids count up by one", ids_are_sequential, ("sequential_ids",)),
    Case("place-003", "a rejected order has no id and rests nowhere", rejection_leaves_nothing, (),
         ("meets",)),
    Case("place-004", "a rejection says why", rejection_says_why, (), ("meets",)),
    Case("place-005", "no quantity or no price is refused", nonsense_is_refused),
    Case("place-006", "one client order id never makes two orders", same_id_makes_one_order,
         ("dedupes_client_ids",), ("meets",)),
    Case("place-007", "the status of an answer agrees with the facts", status_fits_the_facts,
         ("not answers_later",)),
    Case("place-008", "an answer does not contradict itself", answers_agree_with_themselves),
    Case("place-009", "the caller's request is not changed", request_stays_as_it_was),
    Case("place-010", "the longest client order id is kept, a longer one refused",
         longest_id_is_kept, ("client_id_length",), ("meets",)),
    Case("place-011", "odd words raise LiveError or OSError, or nothing",
         odd_words_raise_nothing_odd),
)  # fmt: skip
