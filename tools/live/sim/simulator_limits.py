"""The limits that a simulator may be given, and what it says when one is broken.

Limits are Decimal; None is no limit. A `RiskConfig` may be changed while its simulator runs: each
order is judged by what it says at that moment.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from ..core.record import door, record


class RiskRuleType(StrEnum):
    """Which kind of limit."""

    POSITION_LIMIT = "position_limit"
    EXPOSURE_LIMIT = "exposure_limit"
    DRAWDOWN_LIMIT = "drawdown_limit"
    KILL_SWITCH = "kill_switch"


@record
class RiskViolation:
    """A limit that an order would break: what would be, and what may be."""

    rule_type: RiskRuleType
    message: str
    current_value: Decimal
    limit_value: Decimal


@record
class PositionLimitRule:
    """The most shares, and the most money, in one symbol."""

    max_shares: Decimal | None = None
    max_value: Decimal | None = None


@record
class ExposureLimitRule:
    """The most of the account, in percent, that positions may be worth: all of them, and net."""

    max_gross_exposure_pct: Decimal = Decimal(100)
    max_net_exposure_pct: Decimal = Decimal(100)


@record
class DrawdownLimitRule:
    """The largest loss, in percent: since the day began, and from the highest value so far."""

    max_daily_drawdown_pct: Decimal | None = None
    max_total_drawdown_pct: Decimal | None = None


@door
class RiskConfig:
    """The limits of one simulator, and whether it may trade at the start."""

    __slots__ = ("position_limit", "exposure_limit", "drawdown_limit", "trading_enabled")
    __match_args__ = ("position_limit", "exposure_limit", "drawdown_limit", "trading_enabled")

    def __init__(
        self,
        position_limit: PositionLimitRule | None = None,
        exposure_limit: ExposureLimitRule | None = None,
        drawdown_limit: DrawdownLimitRule | None = None,
        trading_enabled: bool = True,
    ) -> None:
        self.position_limit = position_limit
        self.exposure_limit = exposure_limit
        self.drawdown_limit = drawdown_limit
        self.trading_enabled = trading_enabled
