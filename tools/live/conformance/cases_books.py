"""The exchange's own books: open orders, positions and money agree with what it reported."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ..core.contracts_v1 import BUY, SELL, Side
from ..core.errors import ContractError
from ..core.money import SCALE
from .candidate import Fate
from .case import Case, CaseFailed, CaseNotDriven, require
from .desk import WORLD_FAILED, Desk, flow

TINY = (1, 2, 3, *(10 * [SCALE // 10]), SCALE // 5)  # ten times 0.1 is not 1 in binary
HUGE = 123_456_789_012_345 * SCALE + 678_901_234
_NEAR = Fraction(1, 10**9)  # of an average, which is a float by contract


def open_orders_are_what_is_open(desk: Desk) -> str:
    placed = flow(desk)
    gone = desk.canceled()
    wanted = [
        one.order_id for one in placed
        if one.order_id and one.order_id not in gone and desk.filled(one.order_id) < one.qty
    ]  # fmt: skip
    listed = [one.order_id for one in desk.open_orders()]
    require(len(listed) == len(wanted), f"{len(listed)} orders are listed, {len(wanted)} are open")
    for order_id in wanted:
        require(order_id in listed, f"{order_id} is open and not listed")
    return f"{len(listed)} of {len(placed)} orders are open, and listed"


def open_orders_are_told_truly(desk: Desk) -> str:
    known = {one.order_id: one for one in flow(desk)}
    listed = desk.open_orders()
    for one in listed:
        placed = known.get(one.order_id)
        if placed is None:
            raise CaseFailed(f"{one.order_id} is listed as open, and nobody ordered it")
        asked = placed.request
        for name in ("client_order_id", "symbol", "side", "qty_e9", "price_e9"):
            told, wanted = getattr(one, name), getattr(asked, name)
            require(told == wanted, f"{one.order_id} has {name} {told!r:.40}, not {wanted!r:.40}")
        filled = desk.filled(one.order_id)
        require(one.filled_e9 == filled, f"{one.order_id} has filled {one.filled_e9}, not {filled}")
    return f"{len(listed)} open orders, as they were ordered"


def open_orders_of_one_symbol(desk: Desk) -> str:
    flow(desk)
    both = desk.open_orders()
    for symbol in desk.stage.symbols:
        wanted = [one.order_id for one in both if one.symbol == symbol]
        listed = [one.order_id for one in desk.open_orders(symbol)]
        require(listed == wanted, f"{len(listed)} orders of {symbol} are listed, not {len(wanted)}")
    return f"{len(both)} open orders, by symbol"


def positions_are_the_sum_of_fills(desk: Desk) -> str:
    flow(desk, 36)
    wanted = _sums(desk)
    held = desk.positions()
    for symbol in sorted({*wanted, *held}):
        is_, should = held.get(symbol, 0), wanted.get(symbol, 0)
        require(is_ == should, f"the position in {symbol} is {is_}, its fills come to {should}")
    return f"{len(desk.fills())} fills, {len(wanted)} positions"


def average_is_that_of_what_is_held(desk: Desk) -> str:
    qty = desk.stage.qty_e9
    held, cost = 0, Fraction(0)
    for side, units in ((BUY, 2), (BUY, 1), (SELL, 1), (SELL, 5), (BUY, 1)):
        placed = desk.filling(side, qty=qty * units)
        price = desk.fills(placed.order_id)[-1].price_e9
        held, cost = _moved(held, cost, qty * units if side is BUY else -qty * units, price)
        wanted = cost / held / SCALE
        told = Fraction(_position(desk).avg_entry_price)
        near = abs(told - wanted) <= abs(wanted) * _NEAR
        require(near, f"the average entry of {held} is {float(told)!r}, not {float(wanted)!r}")
    return "longer, shorter, turned, and shorter again"


def sums_are_exact(desk: Desk) -> str:
    total = 0
    for qty in TINY:
        request = desk.request(qty=qty)
        try:
            placed = desk.place(request, Fate.FILLS)
        except ContractError:
            continue
        desk.settle()
        total += desk.filled(placed.order_id)
    if not total:
        raise CaseNotDriven("no small quantity was taken")
    held = desk.positions().get(desk.stage.symbols[0], 0)
    require(held == total, f"fills of {total} made a position of {held}")
    return f"{total} at 10^9, to the last digit"


def size_is_kept(desk: Desk) -> str:
    kept = []
    for qty in (1, HUGE, 3 * SCALE // 10):
        request = desk.request(qty=qty)
        try:
            placed = desk.place(request, Fate.RESTS)
        except WORLD_FAILED:
            continue
        listed = [one.qty_e9 for one in desk.open_orders() if one.order_id == placed.order_id]
        if placed.order_id is None or not listed:
            continue
        require(listed == [qty], f"an order of {qty} is listed with {listed[0]}")
        kept.append(qty)
    return f"{len(kept)} of 3 quantities, from 1 to {HUGE} at 10^9, were taken, and kept exactly"


def lists_belong_to_the_caller(desk: Desk) -> str:
    flow(desk)
    before = _books(desk)
    for order in desk.open_orders():
        order.qty_e9, order.price_e9, order.order_id = 7, 7, "changed"
    for position in desk.exchange.get_positions():
        position.qty_e9 = 7
    desk.open_orders().clear()
    desk.exchange.get_positions().clear()
    require(_books(desk) == before, "changing what was listed changed the exchange's books")
    return "listed orders and positions are copies"


def answers_belong_to_the_caller(desk: Desk) -> str:
    request = desk.request(qty=desk.stage.qty_e9 * 2)
    placed = desk.arranged(request, Fate.RESTS)
    before = _books(desk)
    request.qty_e9, request.client_order_id = 7, "changed"
    placed.response.order_id = "changed"
    require(_books(desk) == before, "changing a request behind its answer changed the books")
    return "what was sent can be used again"


def balances_are_whole_numbers(desk: Desk) -> str:
    flow(desk, 8)
    balances = desk.exchange.get_balances()
    if not isinstance(balances, dict):
        raise CaseFailed(f"balances are declared, and get_balances gave {balances!r:.40}")
    for currency, amount in balances.items():
        whole = isinstance(currency, str) and type(amount) is int
        require(whole, f"the balance of {currency!r:.20} is {amount!r:.40}, no integer at 10^18")
    return f"{len(balances)} currencies at 10^18"


def listed_fills_are_the_told_ones(desk: Desk) -> str:
    flow(desk)
    listed = desk.exchange.get_fills()
    if not isinstance(listed, list):
        raise CaseFailed(f"a listing of fills is declared, and get_fills gave {listed!r:.40}")
    told = desk.fills()
    for fill in told:
        require(fill in listed, f"{fill.fill_id} of {fill.order_id} was told and is not listed")
    require(len(listed) == len(told), f"{len(listed)} fills are listed, {len(told)} were told")
    return f"{len(listed)} fills"


def _books(desk: Desk) -> list[str]:
    return [repr(desk.open_orders()), repr(desk.exchange.get_positions())]


def _position(desk: Desk) -> Any:
    symbol = desk.stage.symbols[0]
    held = [one for one in desk.exchange.get_positions() if one.symbol == symbol]
    if len(held) != 1:
        raise CaseFailed(f"{symbol} is listed {len(held)} times among the positions")
    return held[0]


def _sums(desk: Desk) -> dict[str, int]:
    sums: dict[str, int] = {}
    for fill in desk.fills():
        sums[fill.symbol] = sums.get(fill.symbol, 0) + _signed(fill.side, fill.qty_e9)
    return sums


def _signed(side: Side, qty: int) -> int:
    return qty if side is BUY else -qty


def _moved(held: int, cost: Fraction, signed: int, price: int) -> tuple[int, Fraction]:
    """Quantity and cost behind a fill: closing leaves the average, crossing restarts it."""
    after = held + signed
    if not held or (held > 0) is (signed > 0):
        return after, cost + signed * price
    if after and (after > 0) is (held > 0):
        return after, cost * after / held
    return after, Fraction(after * price)


CASES = (
    Case("books-001", "open orders are exactly what is open", open_orders_are_what_is_open),
    Case("books-002", "an open order is listed as it was ordered", open_orders_are_told_truly),
    Case("books-003", "open orders can be asked for by symbol", open_orders_of_one_symbol),
    Case("books-004", "a position is the sum of its fills", positions_are_the_sum_of_fills),
    Case("books-005", "the average entry price is that of what is held",
         average_is_that_of_what_is_held, ("average_price",), ("meets",)),
    Case("books-006", "small quantities add up exactly", sums_are_exact, (), ("meets",)),
    Case("books-007", "tiny and huge quantities are kept exactly", size_is_kept, (), ("meets",)),
    Case("books-008", "what is listed belongs to the caller", lists_belong_to_the_caller),
    Case("books-009", "what was sent belongs to the caller", answers_belong_to_the_caller, (),
         ("meets",)),
    Case("books-010", "balances are whole numbers at 10^18", balances_are_whole_numbers,
         ("balances",)),
    Case("books-011", "the listing of fills holds what was told", listed_fills_are_the_told_ones,
         ("fills_listing",)),
)  # fmt: skip
