"""What a journal of market data says about itself: how it was begun, and what came of it.

`market.opened` is its first record, `market.imported` its last. Without the last one the journal
is unfinished: an import that was cut short is never taken for the whole of its file.
"""

from __future__ import annotations

from typing import Any

from ..core.errors import ContractError
from ..core.market_v1 import MARKET_DATA, MARKET_FACTS
from ..core.record import record

OPENED = "market.opened"
IMPORTED = "market.imported"
SOURCE = "market"  # who says these two
FEED = "feed"  # who says the events
IMPORT, RECORD = "import", "record"
EVENT_KINDS = (*MARKET_DATA, *MARKET_FACTS)

_OPENED_KEYS = ("about", "code_version", "how")


@record
class MarketOpened:
    """Where the data came from: `about` is the source's own description."""

    about: dict[str, Any]
    code_version: str
    how: str

    def payload(self) -> dict[str, Any]:
        return {"about": self.about, "code_version": self.code_version, "how": self.how}


@record
class Counts:
    """What became of every line: it said nothing, or something, which is events and refusals.

    `said` counts the lines that said something; `facts` are our own words among the events.
    """

    lines: int
    passed_over: int
    said: int
    items: int
    events: dict[str, int]
    refused: dict[str, int]
    facts: int

    @property
    def all_events(self) -> int:
        return sum(map(int, self.events.values()))

    @property
    def all_refused(self) -> int:
        return sum(map(int, self.refused.values()))

    def payload(self) -> dict[str, Any]:
        return {
            "lines": self.lines, "passed_over": self.passed_over, "said": self.said,
            "items": self.items, "events": dict(sorted(self.events.items())),
            "refused": dict(sorted(self.refused.items())), "facts": self.facts,
        }  # fmt: skip

    def broken(self, stored: int) -> str | None:
        """The law that does not hold, where the journal itself has counted `stored` events."""
        if self.lines != self.passed_over + self.said:
            parts = f"{self.passed_over} without data and {self.said} with"
            return f"{self.lines} lines are not {parts}"
        if self.items + self.facts != self.all_events + self.all_refused:
            parts = f"{self.all_events} events and {self.all_refused} refusals"
            return f"{self.items} items and {self.facts} facts are not {parts}"
        if stored != self.all_events:
            return f"{self.all_events} events, but {stored} in the journal"
        return None


def read_opened(payload: Any) -> MarketOpened:
    """The content of `market.opened`; a ContractError names what is wrong with it."""
    if not isinstance(payload, dict) or tuple(sorted(payload)) != _OPENED_KEYS:
        raise ContractError(f"{OPENED} is not of {', '.join(_OPENED_KEYS)}")
    about, version, how = payload["about"], payload["code_version"], payload["how"]
    if not isinstance(about, dict) or not isinstance(version, str) or how not in (IMPORT, RECORD):
        raise ContractError(f"{OPENED} {payload!r:.80} is not how a market journal is begun")
    return MarketOpened(about, version, how)
