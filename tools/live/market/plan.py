"""What a generated market is to be: one record, checked once, each wrong field with one line."""

from __future__ import annotations

from typing import Any

from ..core.errors import ContractError
from ..core.money import LARGEST_E9, SCALE, text
from ..core.record import fields_of, record
from .bounds import whole
from .disturb import Disturbance, check_disturbances, described_mishap
from .normalize.wire import LATEST_NS
from .regimes import WIDEST, Regime, Schedule
from .synthetic import base_price, checked_symbols

SOURCE = "synthetic"
MAX_SEED = 2**63 - 1
MAX_SECONDS = 7 * 86_400
MAX_SPREAD = 100_000
MAX_LEVELS = 1000
MAX_LOT = 10**6 * SCALE
TICKS_OF_A_PRICE = 10**4
_ROOM = 4  # how many times the lowest mid the first one must be, so that the walk has room


@record
class MarketPlan:
    """Symbols, chance, time, and how the market behaves; the defaults make a calm minute.

    `tick` and `lot` are at 10^9; a tick of 0 stands for a basis point of each symbol's first
    price, so that ticks can be read as basis points. `spread_ticks` and `levels` are those of a
    calm market. `correlation_e9` is that of any two symbols, `toxic_e9` the share of aggressors
    who know where the mid will be in a second. Behind each `snapshot_seconds` the book is told
    whole again, so that who lost a message can find back; 0 is never.
    """

    symbols: tuple[str, ...]
    seed: int = 42
    start_ns: int = 0
    schedule: Schedule = ((Regime.CALM, 60),)
    tick: int = 0
    lot: int = SCALE // 1000
    spread_ticks: int = 10
    levels: int = 10
    correlation_e9: int = 0
    toxic_e9: int = 0
    snapshot_seconds: int = 10
    disturbances: tuple[Disturbance, ...] = ()

    @property
    def seconds(self) -> int:
        """How long the market is open, halts included."""
        lasting: int = sum(seconds for _, seconds in self.schedule)
        return lasting


def checked(plan: MarketPlan) -> MarketPlan:
    """The plan as given; a ContractError names the first field that is wrong, and its rule."""
    if not isinstance(plan.symbols, tuple):
        raise ContractError(f"symbols {plan.symbols!r:.60} is no tuple; write ('BTCUSDT',)")
    checked_symbols(list(plan.symbols))
    whole(plan.seed, "seed", 0, MAX_SEED)
    _schedule(plan)
    whole(plan.start_ns, "start_ns", 0, LATEST_NS)
    whole(plan.tick, "tick", 0, LARGEST_E9)
    whole(plan.lot, "lot", 1, MAX_LOT)
    whole(plan.spread_ticks, "spread_ticks", 1, MAX_SPREAD)
    whole(plan.levels, "levels", 1, MAX_LEVELS)
    whole(plan.correlation_e9, "correlation_e9", 0, SCALE)
    whole(plan.toxic_e9, "toxic_e9", 0, SCALE)
    whole(plan.snapshot_seconds, "snapshot_seconds", 0, MAX_SECONDS)
    for symbol in plan.symbols:
        _room(plan, symbol)
    check_disturbances(plan.disturbances)
    return plan


def described(plan: MarketPlan) -> dict[str, Any]:
    """The plan as plain data, for a report or a hash."""
    shown = {name: getattr(plan, name) for name in fields_of(plan)}
    shown["symbols"] = list(plan.symbols)
    shown["schedule"] = [[regime.value, seconds] for regime, seconds in plan.schedule]
    shown["disturbances"] = [described_mishap(one) for one in plan.disturbances]
    return shown


def tick_of(plan: MarketPlan, symbol: str) -> int:
    """The tick of a symbol."""
    return plan.tick or base_price(symbol) // TICKS_OF_A_PRICE


def lowest_mid(plan: MarketPlan) -> int:
    """In ticks: a mid that leaves room for the widest spread and all levels above zero."""
    return plan.spread_ticks * WIDEST + plan.levels


def _room(plan: MarketPlan, symbol: str) -> None:
    needed = _ROOM * lowest_mid(plan)
    price = base_price(symbol)
    if price // tick_of(plan, symbol) < needed:
        what = f"tick {text(plan.tick)}" if plan.tick else f"spread_ticks {plan.spread_ticks}"
        raise ContractError(
            f"{what} is too coarse for {symbol}: with this spread and these levels its first price"
            f" must be at least {needed} ticks; make a tick, the spread or the levels smaller"
        )


def _schedule(plan: MarketPlan) -> None:
    if not plan.schedule:
        raise ContractError("schedule: at least one regime and its seconds are required")
    for regime, seconds in plan.schedule:
        if not isinstance(regime, Regime):
            known = ", ".join(one.name for one in Regime)
            raise ContractError(f"regime {regime!r:.60} is no Regime; take one of {known}")
        whole(seconds, f"seconds of {regime.value}", 1, MAX_SECONDS)
    whole(plan.seconds, "seconds of the schedule", 1, MAX_SECONDS)
