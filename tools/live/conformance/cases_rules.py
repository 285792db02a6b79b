"""What an adapter tells of its exchange's rules: it can be kept to, and it is what holds there."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.contracts_v1 import Side
from ..core.errors import ContractError
from ..core.order_rules import OrderRules
from ..exchange import PlaceOrderRequest
from ..exchange_rules import told_rules
from .candidate import Fate
from .case import Case, CaseFailed, require
from .cases_place import not_taken
from .desk import Desk


def rules_are_told_alike(desk: Desk) -> str:
    symbols = desk.stage.symbols
    first = _told(desk, symbols)
    desk.place(_kept(desk, first[symbols[0]], Side.BUY, symbols[0]), Fate.RESTS)
    again = _told(desk, symbols[::-1])
    for symbol in symbols:
        was, now = first[symbol], again[symbol]
        require(was == now, f"the rules of {symbol} were {was}, and asked again {now}"[:200])
    return ", ".join(f"{symbol} {'has rules' if first[symbol].any else 'has none'}"
                     for symbol in symbols)  # fmt: skip


def who_keeps_to_them_is_taken(desk: Desk) -> str:
    for symbol, rules in _told(desk, desk.stage.symbols).items():
        for side in Side:
            request = _kept(desk, rules, side, symbol)
            placed = desk.place(request, Fate.RESTS)
            refused = placed.order_id is None
            said = f"an order of {request.qty_e9} at {request.price_e9} keeps to the rules"
            require(not refused, f"{said} of {symbol}, and was refused: {placed.message}")
    return "buys and sells that keep to the rules are taken"


def who_breaks_them_is_refused(desk: Desk) -> str:
    broken = []
    for symbol, rules in _told(desk, desk.stage.symbols).items():
        for name, request in _breaking(desk, rules, symbol):
            desk.meets(request, Fate.RESTS)
            sent = f"{request.qty_e9} at {request.price_e9}"
            require(not_taken(desk, request), f"{sent} breaks the {name} of {symbol}, and is taken")
            broken.append(name)
    return f"refused: {', '.join(dict.fromkeys(broken))}" if broken else "there is no rule to break"


def _told(desk: Desk, symbols: tuple[str, ...]) -> dict[str, OrderRules]:
    try:
        return told_rules(desk.exchange, symbols)
    except ContractError as error:
        raise CaseFailed(str(error)) from None


def _kept(desk: Desk, rules: OrderRules, side: Side, symbol: str) -> PlaceOrderRequest:
    """The next order of the desk, moved to where the rules allow it."""
    request = desk.request(side, symbol=symbol)
    request.price_e9 = price = rules.price(side, request.price_e9)
    lot = rules.lot or 1
    least = max(rules.min_qty, lot, -(-rules.min_notional_e18 // price) if price else 0)
    request.qty_e9 = max(rules.qty(request.qty_e9), -(-least // lot) * lot)
    return request


def _breaking(
    desk: Desk, rules: OrderRules, symbol: str
) -> Iterator[tuple[str, PlaceOrderRequest]]:
    """Orders that break one rule each, as far as there are rules that can be broken alone."""
    if rules.tick > 1:
        off = _kept(desk, rules, Side.BUY, symbol)
        off.price_e9 += 1
        yield "tick", off
    if rules.lot > 1:
        off = _kept(desk, rules, Side.BUY, symbol)
        off.qty_e9 += 1
        yield "lot", off
    lot = rules.lot or 1
    smaller = (rules.min_qty - 1) // lot * lot
    if smaller > 0:
        off = _kept(desk, rules, Side.BUY, symbol)
        off.qty_e9 = smaller
        yield "min_qty", off
    off = _kept(desk, rules, Side.BUY, symbol)
    smaller = (rules.min_notional_e18 - 1) // off.price_e9 // lot * lot if off.price_e9 else 0
    if smaller > 0 and smaller >= rules.min_qty:
        off.qty_e9 = smaller
        yield "min_notional", off


CASES = (
    Case("rules-001", "rules are whole numbers, and the same when they are asked for again",
         rules_are_told_alike, ("lists_rules",), ("meets",)),
    Case("rules-002", "an order that keeps to the rules is taken", who_keeps_to_them_is_taken,
         ("lists_rules",), ("meets",)),
    Case("rules-003", "an order that breaks a rule is refused", who_breaks_them_is_refused,
         ("lists_rules",), ("meets",)),
)  # fmt: skip
