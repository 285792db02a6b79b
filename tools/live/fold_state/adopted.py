"""The state of what was adopted; nothing is said of it where nothing was."""

from __future__ import annotations

from typing import Any

from ..adoptions import Adoptions, Execution
from ..core.errors import ContractError
from .orders import SIDES
from .plain import count, items, keys, number, one_of, pairs, row, text, unique

_ADOPTED = ("canceled", "fills", "names", "orders", "positions", "unplaced")


def tell_adoptions(adoptions: Adoptions) -> dict[str, Any]:
    """What was adopted, as plain data under its key; empty when nothing was."""
    if not adoptions.any:
        return {}
    return {
        "adopted": {
            "orders": adoptions.orders,
            "unplaced": adoptions.unplaced,
            "canceled": adoptions.canceled,
            "names": list(adoptions.names),
            "fills": [
                [fill_id, order_id, symbol, side.value, str(qty), str(price)]
                for fill_id, (order_id, symbol, side, qty, price) in adoptions.fills.items()
            ],
            "positions": [[symbol, str(qty)] for symbol, qty in adoptions.positions.items()],
        }
    }


def read_adoptions(told: Any) -> Adoptions:
    """What the state of a fold says of adoptions; none, when it says nothing."""
    adoptions = Adoptions()
    if not isinstance(told, dict) or "adopted" not in told:
        return adoptions
    adopted = keys(told["adopted"], _ADOPTED, "adopted")
    adoptions.orders = count(adopted["orders"], "adopted orders")
    adoptions.unplaced = count(adopted["unplaced"], "unplaced orders")
    adoptions.canceled = count(adopted["canceled"], "adopted canceled orders")
    names = items(adopted["names"], "adopted names", lambda one: (text(one, "name"), None))
    adoptions.names = unique(names, "adopted name")
    adoptions.fills = unique(items(adopted["fills"], "adopted fills", _read_fill), "adopted fill")
    adoptions.positions = pairs(adopted["positions"], "adopted positions", text, number)
    most = max(adoptions.unplaced, adoptions.canceled, len(adoptions.names))
    if not adoptions.any or most > adoptions.orders:
        raise ContractError("what is said to be adopted does not add up")
    return adoptions


def _read_fill(one: Any) -> tuple[str, Execution]:
    fill_id, order_id, symbol, side, qty, price = row(one, 6)
    execution = (
        text(order_id, "order id"), text(symbol, "symbol"), one_of(side, SIDES, "side"),
        number(qty, "qty", 1), number(price, "price", 1),
    )  # fmt: skip
    return text(fill_id, "fill id"), execution
