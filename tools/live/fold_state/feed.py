"""The state of the feed: what was heard of it, and which markets are not to be used.

Nothing is said of it where nothing was heard.
"""

from __future__ import annotations

from typing import Any

from ..connectivity import Connectivity
from ..core.errors import ContractError
from ..risk_monitor import RuntimeRiskMonitor
from .plain import count, keys, pairs, text

_FEED = ("gaps", "losses", "missing", "resyncs_finished", "resyncs_started", "silences", "stale")


def tell_feed(feed: Connectivity, monitor: RuntimeRiskMonitor) -> dict[str, Any]:
    """What was heard of the feed, as plain data under its key; empty when nothing was."""
    if not feed.any:
        return {}
    return {
        "feed": {
            **{name: getattr(feed, name) for name in _FEED[:-1]},
            "stale": [[name, one.stale] for name, one in monitor.exposures.items() if one.stale],
        }
    }


def read_feed(told: Any, monitor: RuntimeRiskMonitor) -> Connectivity:
    """What the state of a fold says of its feed; the gate learns which markets it may not use."""
    feed = Connectivity()
    if not isinstance(told, dict) or "feed" not in told:
        return feed
    found = keys(told["feed"], _FEED, "feed")
    for name in _FEED[:-1]:
        setattr(feed, name, count(found[name], f"feed {name}"))
    if not feed.any or feed.missing < feed.gaps:
        raise ContractError("what is said of the feed does not add up")
    for symbol, why in pairs(found["stale"], "stale", text, text).items():
        if not why or symbol not in monitor.exposures or monitor.exposures[symbol].plain:
            raise ContractError(f"the market of {symbol!r:.60} cannot be stale")
        monitor.exposures[symbol].stale = why
    return feed
