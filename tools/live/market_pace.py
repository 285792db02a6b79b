"""The pace of a recorded market: as fast as it can be read, or a multiple of its own time.

Only here does anybody wait, and waiting changes nothing: a run comes to the same report at every
pace.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .core.clock import NS_PER_S
from .core.contracts_v1 import QuoteUpdate
from .core.errors import ContractError
from .core.market_v1 import MarketFact
from .params import Feed

MAX = "max"
_HIGHEST = 1_000_000
_TIMES = re.compile(r"[x\u00d7]?([0-9]{1,7}(?:\.[0-9]{1,3})?)x?", re.ASCII)


def read_pace(text: str, field: str) -> float | None:
    """How many times as fast as life; None for as fast as can be."""
    if text == MAX:
        return None
    match = _TIMES.fullmatch(text)
    times = float(match[1]) if match else 0.0
    if not 0 < times <= _HIGHEST:
        raise ContractError(
            f"{field} {text[:60]!r} is no pace; give max, or times real time up to {_HIGHEST}"
            " such as x10"
        )
    return times


class Paced:
    """A feed that waits until what it says next is due."""

    def __init__(
        self,
        feed: Feed,
        times: float,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._feed = feed
        self._times = times
        self._now = now
        self._wait = wait
        self.steps = feed.steps
        self.symbols = feed.symbols
        self.start_ns = feed.start_ns

    def describe(self) -> dict[str, Any]:
        """The market is the same at every pace."""
        return self._feed.describe()

    def __iter__(self) -> Iterator[Sequence[QuoteUpdate | MarketFact]]:
        began = self._now()
        for step in self._feed:
            if not step:  # the exchange alone has something to say
                yield step
                continue
            passed_s = (step[0].ts_ns - self.start_ns) / NS_PER_S
            left = began + passed_s / self._times - self._now()
            if left > 0:
                self._wait(left)
            yield step
