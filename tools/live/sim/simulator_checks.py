"""Whether an order makes sense and can be paid for: asked after the limits have said yes."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.errors import ContractError
from ..core.money import Number, positive_e9, to_e9
from ..core.record import record
from .simulator_contracts import Order, OrderSide, OrderType, RejectionReason
from .simulator_numbers import cash_e18, exact, exact_cash

LONGEST_SYMBOL = 64

Refusal = tuple[RejectionReason, str]


@record
class ValidationResult:
    """Whether an order may go on, and if not, why."""

    is_valid: bool
    rejection_reason: RejectionReason | None = None
    message: str | None = None


class OrderValidator:
    """Sizes, prices, shares and funds. Nothing is sold that is not held, unless shorts are on."""

    def __init__(
        self,
        min_order_quantity: Number = "0.001",
        max_order_quantity: Number = 1_000_000,
        *,
        allow_short: bool = False,
    ) -> None:
        self.min_e9 = positive_e9(min_order_quantity, "min_order_quantity")
        self.max_e9 = positive_e9(max_order_quantity, "max_order_quantity")
        if self.min_e9 > self.max_e9:
            raise ContractError(
                f"min_order_quantity {min_order_quantity!r} is above max_order_quantity"
                f" {max_order_quantity!r}; nothing could be ordered"
            )
        self.allow_short = allow_short

    def validate(
        self,
        order: Order,
        account_balance: Number,
        positions: Mapping[str, Number],
        current_prices: Mapping[str, Number] | None = None,
    ) -> ValidationResult:
        """Judge an order by the cash, the shares and the prices that are given."""
        held = to_e9(positions.get(order.symbol, 0), "position")
        given = (current_prices or {}).get(order.symbol)
        price = order.cap_e9 or order.trigger_e9
        if price is None and given is not None:
            price = positive_e9(given, "price")
        refusal = self.refusal(order, cash_e18(account_balance, "account_balance"), held, price)
        if refusal is None:
            return ValidationResult(True)
        return ValidationResult(False, *refusal)

    def refusal(self, order: Order, free_e18: int, held: int, unit: int | None) -> Refusal | None:
        """The same in integers: `unit` is what a share may cost at most, if anybody knows."""
        wrong = self._wrong_symbol(order.symbol) or self._wrong_quantity(order)
        wrong = wrong or _wrong_price(order)
        if wrong is not None:
            return wrong
        if order.side is OrderSide.SELL:
            if order.leaves_e9 <= held or self.allow_short:
                return None
            return RejectionReason.INVALID_QUANTITY, (
                f"sell of {order.remaining_quantity()} {order.symbol} is more than the"
                f" {exact(max(held, 0))} that are held and not being sold already"
            )
        cost = order.leaves_e9 * (unit or 0)
        if cost <= free_e18:
            return None
        return RejectionReason.INSUFFICIENT_FUNDS, (
            f"Insufficient cash: need {exact_cash(cost)}, have {exact_cash(free_e18)}"
        )

    def _wrong_symbol(self, symbol: object) -> Refusal | None:
        fits = isinstance(symbol, str) and 0 < len(symbol) <= LONGEST_SYMBOL
        if fits and symbol.isprintable() and symbol == symbol.strip():  # type: ignore[attr-defined]
            return None
        return RejectionReason.INVALID_SYMBOL, (
            f"symbol {symbol!r:.80} is no name of 1 to {LONGEST_SYMBOL} printable characters"
        )

    def _wrong_quantity(self, order: Order) -> Refusal | None:
        qty = order.qty_e9
        if qty <= 0:
            message = f"quantity {order.quantity} must be above 0"
        elif qty < self.min_e9:
            message = f"quantity {order.quantity} is below the smallest of {exact(self.min_e9)}"
        elif qty > self.max_e9:
            message = f"quantity {order.quantity} is above the largest of {exact(self.max_e9)}"
        else:
            return None
        return RejectionReason.INVALID_QUANTITY, message


def _wrong_price(order: Order) -> Refusal | None:
    needed = order.cap_e9 if order.order_type is OrderType.LIMIT else order.trigger_e9
    if needed is None and order.order_type is not OrderType.MARKET:
        name = "limit_price" if order.order_type is OrderType.LIMIT else "stop_price"
        return RejectionReason.UNKNOWN, f"a {order.order_type} order needs a {name}"
    for name, price in (("limit_price", order.limit_e9), ("stop_price", order.stop_e9)):
        if price is not None and price <= 0:
            return RejectionReason.UNKNOWN, f"{name} {exact(price)} must be above 0"
    return None
