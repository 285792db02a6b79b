"""The simulator's gate: whether an order may be placed at all, asked before anything else.

As in the gate of the loop, open orders count at their worst case, equal to a limit passes, and an
order that only brings an exposure down passes while the exposure is too high. A drawdown stops
buys and sells alike. A limit that cannot be judged, because the price of something held is not
known, refuses; an order whose own price nobody knows yet is judged when the first one comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ..core.money import (
    SCALE, Number, divide_half_even, not_negative_e9, positive_e9, text, to_e9,
)  # fmt: skip
from ..portfolio.ledger import Holding
from ..risk.exposure import Exposure
from .simulator_checks import Refusal
from .simulator_contracts import Order, OrderSide, RejectionReason
from .simulator_limits import ExposureLimitRule, RiskConfig, RiskRuleType, RiskViolation
from .simulator_numbers import cash_e18, exact, exact_cash

_PERCENT_E9 = 100 * SCALE
_REASONS = {
    RiskRuleType.KILL_SWITCH: RejectionReason.RISK_TRADING_DISABLED,
    RiskRuleType.POSITION_LIMIT: RejectionReason.RISK_POSITION_LIMIT,
    RiskRuleType.EXPOSURE_LIMIT: RejectionReason.RISK_EXPOSURE_LIMIT,
    RiskRuleType.DRAWDOWN_LIMIT: RejectionReason.RISK_DRAWDOWN_LIMIT,
}
_NO_PRICE = (
    RejectionReason.RISK_LIMIT_EXCEEDED,
    "a position has no known price, so the limits cannot be judged; send its price first",
)


class RiskChecker:
    """Limits of one simulator, the highest value so far, and the value when the day began."""

    def __init__(self, risk_config: RiskConfig) -> None:
        self.risk_config = risk_config
        self.trading_enabled = risk_config.trading_enabled
        self.last_violation: RiskViolation | None = None
        self.peak_e18 = 0
        self.daily_e18 = 0

    @property
    def peak_value(self) -> Decimal:
        """The highest value of the account so far."""
        return exact_cash(self.peak_e18)

    @peak_value.setter
    def peak_value(self, value: Number) -> None:
        self.peak_e18 = cash_e18(value, "peak_value")

    @property
    def daily_start_value(self) -> Decimal:
        """What the account was worth when the day began."""
        return exact_cash(self.daily_e18)

    @daily_start_value.setter
    def daily_start_value(self, value: Number) -> None:
        self.daily_e18 = cash_e18(value, "daily_start_value")

    def enable_trading(self) -> None:
        """Clear the kill switch."""
        self.trading_enabled = True

    def disable_trading(self) -> None:
        """Pull the kill switch: nothing new is accepted; what is open may still fill."""
        self.trading_enabled = False

    def update_state(self, portfolio_value: Number, is_new_day: bool = False) -> None:
        """Note what the account is worth now."""
        value = cash_e18(portfolio_value, "portfolio_value")
        self.note(value)
        if is_new_day:
            self.daily_e18 = value

    def note(self, value_e18: int) -> None:
        """The same in integers; the first value that is known begins the day as well."""
        if not self.peak_e18 and not self.daily_e18:
            self.daily_e18 = value_e18
        if value_e18 > self.peak_e18:
            self.peak_e18 = value_e18

    def reset_daily_tracking(self, current_value: Number) -> None:
        """A new day begins with this value."""
        self.daily_e18 = cash_e18(current_value, "current_value")

    def check_order(
        self,
        order: Order,
        positions: Mapping[str, Number],
        prices: Mapping[str, Number],
        cash: Number,
    ) -> Refusal | None:
        """Judge an order by what is held and the prices that are given; None when it may pass."""
        exposures: dict[str, Exposure] = {}
        value: int | None = cash_e18(cash, "cash")
        for symbol in sorted({*positions, *prices, order.symbol}):
            exposure = exposures[symbol] = Exposure(Holding(symbol))
            exposure.holding.qty = to_e9(positions.get(symbol, 0), "position")
            exposure.mark = positive_e9(prices[symbol], "price") if symbol in prices else 0
            if exposure.holding.qty and not exposure.mark:
                value = None
            elif value is not None:
                value += exposure.holding.qty * exposure.mark
        return self.refusal(order, exposures, {}, value)

    def refusal(
        self,
        order: Order,
        exposures: Mapping[str, Exposure],
        set_aside: Mapping[str, int],
        value_e18: int | None,
    ) -> Refusal | None:
        """The first limit that the order breaks.

        `set_aside` is the cash that open buys of a symbol hold back, for symbols without a price;
        `value_e18` what the account is worth, None when nobody can say.
        """
        if not self.trading_enabled:
            message = "Trading is disabled (kill-switch active)"
            return self._broken(RiskRuleType.KILL_SWITCH, message, 1, 0)
        return self.size_refusal(order, exposures, set_aside, value_e18) or self._drawdown(
            value_e18
        )

    def size_refusal(
        self,
        order: Order,
        exposures: Mapping[str, Exposure],
        set_aside: Mapping[str, int],
        value_e18: int | None,
    ) -> Refusal | None:
        """The part that depends on the order's size and price: position, then exposure."""
        exposure = exposures[order.symbol]
        price = exposure.mark or order.cap_e9 or order.trigger_e9 or 0
        return self._position(order, exposure, price) or self._exposure(
            order, price, exposures, set_aside, value_e18
        )

    def _position(self, order: Order, exposure: Exposure, price: int) -> Refusal | None:
        rule = self.risk_config.position_limit
        held = exposure.holding.qty
        if order.side is OrderSide.BUY:
            after = held + exposure.buys + order.leaves_e9
        else:
            after = exposure.sells + order.leaves_e9 - held
        if rule is None or after <= 0:
            return None
        if rule.max_shares is not None:
            most = not_negative_e9(rule.max_shares, "max_shares")
            if after > most:
                message = f"position of {exact(after)} shares > limit of {exact(most)}"
                return self._broken(RiskRuleType.POSITION_LIMIT, message, after, most)
        if rule.max_value is not None:
            most = not_negative_e9(rule.max_value, "max_value")
            if after * price > most * SCALE:
                worth = divide_half_even(after * price, SCALE)
                message = f"position worth {exact_cash(after * price)} > limit of {exact(most)}"
                return self._broken(RiskRuleType.POSITION_LIMIT, message, worth, most)
        return None

    def _exposure(
        self,
        order: Order,
        price: int,
        exposures: Mapping[str, Exposure],
        set_aside: Mapping[str, int],
        value_e18: int | None,
    ) -> Refusal | None:
        rule = self.risk_config.exposure_limit
        if rule is None or not price or value_e18 == 0:
            return None
        if value_e18 is None:
            return _NO_PRICE
        others = [name for name in exposures if name != order.symbol]
        known = [_worst(exposures[n], exposures[n].mark, set_aside.get(n, 0)) for n in others]
        own = exposures[order.symbol]
        aside = set_aside.get(order.symbol, 0)
        before = _total([*known, _worst(own, own.mark, aside)])
        buys, sells = own.buys, own.sells
        if order.side is OrderSide.BUY:
            buys += order.leaves_e9
        else:
            sells += order.leaves_e9
        after = _total([*known, _worst_of(own.holding.qty, buys, sells, price)])
        return self._over(rule, before, after, value_e18)

    def _over(
        self, rule: ExposureLimitRule, before: _Sums, after: _Sums, value_e18: int
    ) -> Refusal | None:
        limits = (rule.max_gross_exposure_pct, rule.max_net_exposure_pct)
        for name, was, becomes, limit in zip(("gross", "net"), before, after, limits, strict=True):
            most = not_negative_e9(limit, f"max_{name}_exposure_pct")
            if becomes > was and becomes * _PERCENT_E9 > most * value_e18:
                if value_e18 < 0:
                    return RejectionReason.RISK_EXPOSURE_LIMIT, (
                        f"the account is worth {exact_cash(value_e18)}, which bears no exposure"
                    )
                shown = _percent_e9(becomes, value_e18)
                message = f"{name} exposure {_shown(shown, most)}% > {exact(most)}%"
                return self._broken(RiskRuleType.EXPOSURE_LIMIT, message, shown, most)
        return None

    def _drawdown(self, value_e18: int | None) -> Refusal | None:
        rule = self.risk_config.drawdown_limit
        if rule is None:
            return None
        if value_e18 is None:
            return _NO_PRICE
        for name, start, limit in (
            ("daily", self.daily_e18, rule.max_daily_drawdown_pct),
            ("total", self.peak_e18, rule.max_total_drawdown_pct),
        ):
            if limit is None or start <= 0:
                continue
            most = not_negative_e9(limit, f"max_{name}_drawdown_pct")
            if (start - value_e18) * _PERCENT_E9 > most * start:
                shown = _percent_e9(start - value_e18, start)
                message = f"{name} drawdown {_shown(shown, most)}% > {exact(most)}%"
                return self._broken(RiskRuleType.DRAWDOWN_LIMIT, message, shown, most)
        return None

    def _broken(self, rule: RiskRuleType, message: str, current: int, limit: int) -> Refusal:
        self.last_violation = RiskViolation(rule, message, exact(current), exact(limit))
        return _REASONS[rule], message


_Sums = tuple[int, int]


def _worst(exposure: Exposure, mark: int, aside: int) -> tuple[int, int, int]:
    """Gross, long and short worth of a symbol; without a price, what its buys hold back."""
    if not mark:
        return aside, aside, 0
    return _worst_of(exposure.holding.qty, exposure.buys, exposure.sells, mark)


def _worst_of(held: int, buys: int, sells: int, price: int) -> tuple[int, int, int]:
    long, short = held + buys, held - sells
    return max(abs(long), abs(short)) * price, long * price, short * price


def _total(rows: list[tuple[int, int, int]]) -> _Sums:
    """Gross and net worth of all symbols if the worst of their open orders fill."""
    gross: int = sum(row[0] for row in rows)
    longest: int = sum(row[1] for row in rows)
    shortest: int = sum(row[2] for row in rows)
    return gross, max(abs(longest), abs(shortest))


def _percent_e9(part: int, whole: int) -> int:
    return divide_half_even(part * _PERCENT_E9, whole)


def _shown(percent_e9: int, most_e9: int) -> str:
    """One decimal is enough for the eye, unless it hides that the limit is passed."""
    tenths = divide_half_even(percent_e9 * 10, SCALE)
    if tenths * SCALE <= most_e9 * 10:
        return text(percent_e9)
    return f"{tenths // 10}.{tenths % 10}"
