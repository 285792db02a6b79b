"""Which orders make no sense, whatever the market: every impossible combination in one place.

`fault` names the first rule that a request breaks, in the order of the functions below: names,
quantity, what its kind needs and forbids, how long it waits, flags, links. What a venue allows for
a symbol (ticks, lots, bands) is a matter of `rules`, what the market allows one of the exchange.
"""

from __future__ import annotations

from ..core.errors import ContractError
from ..core.money import BPS, LARGEST_E9, SCALE, text
from .orders import OrderKind, OrderRequest, TimeInForce

MOST_TRAIL_BPS = BPS * SCALE  # a trail of the whole price would never trigger
LONGEST_NAME = 128

_AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)
_LIMITED = (OrderKind.LIMIT, OrderKind.STOP_LIMIT)
_TRIGGERED = (OrderKind.STOP, OrderKind.STOP_LIMIT, OrderKind.MARKET_IF_TOUCHED)


def checked(request: OrderRequest) -> OrderRequest:
    """The request itself; a ContractError says which rule it breaks."""
    found = fault(request)
    if found is not None:
        raise ContractError(found)
    return request


def fault(request: OrderRequest) -> str | None:
    """One line about the first rule that the request breaks; None when it makes sense."""
    return (
        _names(request)
        or _numbers(request)
        or _limit(request)
        or _trigger(request)
        or _trail(request)
        or _time_in_force(request)
        or _flags(request)
    )


def _names(request: OrderRequest) -> str | None:
    names = {
        "client_order_id": request.client_order_id, "symbol": request.symbol,
        "one_cancels_other": request.one_cancels_other, "after": request.after,
    }  # fmt: skip
    for field, name in names.items():
        if name is not None and not 0 < len(name) <= LONGEST_NAME:
            return f"{field} {name[:40]!r} must have 1 to {LONGEST_NAME} characters"
    if request.after == request.client_order_id:
        return f"after {request.after!r} is the order itself; name the order whose fill sends it"
    return None


def _numbers(request: OrderRequest) -> str | None:
    numbers = {
        "qty": request.qty, "price": request.price, "stop": request.stop, "trail": request.trail,
        "trail_bps": request.trail_bps, "display": request.display,
    }  # fmt: skip
    for field, number in numbers.items():
        if number is not None and number <= 0:
            return f"{field} {text(number)} must be above 0"
        if number is not None and number > LARGEST_E9:
            return f"{field} is beyond {LARGEST_E9 // SCALE} units"
    return None


def _limit(request: OrderRequest) -> str | None:
    kind = request.kind
    if kind in _LIMITED:
        return f"a {kind.value} order needs a price" if request.price is None else None
    if request.price is not None:
        advice = "write stop_limit" if kind is OrderKind.STOP else "leave the price out"
        return f"a {kind.value} order has no price, this one {text(request.price)}; {advice}"
    return None


def _trigger(request: OrderRequest) -> str | None:
    kind = request.kind
    if kind in _TRIGGERED:
        needed = f"a {kind.value} order needs a stop, the price that triggers it"
        return needed if request.stop is None else None
    if request.stop is not None and kind is not OrderKind.TRAILING_STOP:
        advice = "stop" if kind is OrderKind.MARKET else "stop_limit"
        return f"a {kind.value} order has no stop, this one {text(request.stop)}; write {advice}"
    return None


def _trail(request: OrderRequest) -> str | None:
    given = [way for way in (request.trail, request.trail_bps) if way is not None]
    if request.kind is not OrderKind.TRAILING_STOP:
        return f"a {request.kind.value} order has no trail; write trailing_stop" if given else None
    if len(given) != 1:
        count = "both" if given else "neither"
        return f"a trailing_stop needs one of trail and trail_bps, this one has {count}"
    if request.trail_bps is not None and request.trail_bps >= MOST_TRAIL_BPS:
        return f"trail_bps {text(request.trail_bps)} must be below {BPS}, the whole price"
    return None


def _time_in_force(request: OrderRequest) -> str | None:
    force = request.time_in_force
    if force is TimeInForce.GTD:
        if request.expires_ns is None or request.expires_ns <= 0:
            return "a GTD order needs expires_ns, the time at which it ends"
        if request.kind is OrderKind.MARKET:
            return "a market order does not wait, so it cannot be GTD; write IOC"
    elif request.expires_ns is not None:
        return f"expires_ns is for GTD orders, this one is {force.value}; write GTD or leave it out"
    return None


def _flags(request: OrderRequest) -> str | None:
    kind, at_once = request.kind, request.time_in_force in _AT_ONCE
    for field, given in (("post_only", request.post_only), ("display", bool(request.display))):
        if given and kind not in _LIMITED:
            return f"{field} is for orders that rest, not for a {kind.value} order"
        if given and at_once:
            return f"{field} is for orders that rest, not for {request.time_in_force.value} ones"
    if request.display is not None and request.display > request.qty:
        shown, qty = text(request.display), text(request.qty)
        return f"display {shown} is more than the quantity {qty}"
    return None
