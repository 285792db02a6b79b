"""Ready-made terms by name, from an exchange of a dream to a slow one."""

from __future__ import annotations

from ..core.errors import ContractError
from .bar_offers import SLIPPED
from .bars import BarRules
from .delays import FAST, INSTANT, NORMAL, SLOW
from .liquidity import FULL
from .queue import PROPORTIONAL
from .terms import Terms

PRESETS = {
    "dream": Terms(liquidity=FULL),  # every limit order fills whole, at once, as a maker
    "instant": Terms(delays=INSTANT),  # the queue at its most pessimistic, and nothing takes time
    "fast": Terms(queue=PROPORTIONAL, delays=FAST),  # 10 ms away
    "normal": Terms(queue=PROPORTIONAL, delays=NORMAL),  # 50 ms
    "slow": Terms(queue=PROPORTIONAL, delays=SLOW),  # 100 ms, and fills are told late
    "bars": Terms(bars=BarRules(SLIPPED)),  # bars, in which stops and targets slip
}


def preset(name: str) -> Terms:
    """The terms of a name."""
    found = PRESETS.get(name)
    if found is None:
        raise ContractError(f"terms {name!r:.40} are unknown; choose {', '.join(PRESETS)}")
    return found
