"""A recorded market as a feed: any source of market data, heard as quotes and facts.

It is read once before anything trades: what cannot be read is refused then, the steps are counted,
and the second reading must say the same. Each quote and each fact is a step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from ..core.contracts_v1 import QuoteUpdate
from ..core.errors import ContractError
from ..core.market_v1 import MarketEvent
from .normalize.wire import WireRefused
from .quotes import QuoteStream, Said
from .synthetic import MAX_STEPS


class Source(Protocol):
    """Market data that can be read again and again."""

    def __iter__(self) -> Iterator[MarketEvent | WireRefused]: ...

    def describe(self) -> dict[str, Any]: ...


class MarketFeed:
    """The quotes and facts of a source; `symbols` picks some of them, None takes all."""

    def __init__(
        self,
        market: Source,
        symbols: Sequence[str] | None = None,
        source: str | None = None,
        field: str = "--market",
    ) -> None:
        self._market = market
        self._only = symbols
        self._source = source
        self._field = field
        self._trades = False
        self._survey()
        if not self._quotes and self._stream.trades_heard:
            self._trades = True  # there is nothing else to quote from
            self._survey()
        self.symbols = sorted(self._quotes)
        missing = [symbol for symbol in symbols or () if symbol not in self._quotes]
        if missing or not self._quotes:
            what = f"no quote of {missing[0]!r}" if missing else "no quote"
            raise ContractError(f"{what} in {field}; name a symbol and a market that has quotes")
        self._end = self._seen()

    def describe(self) -> dict[str, Any]:
        """Which market this is, and what was made of it."""
        quotes: int = sum(self._quotes.values())
        return {
            **self._market.describe(),
            "quotes": quotes,
            "quoted_from": "trades" if self._trades else "quotes",
            "refused": {code: self._refused[code] for code in sorted(self._refused)},
        }

    def __iter__(self) -> Iterator[list[Said]]:
        yield from self._steps()
        if self._seen() != self._end:
            raise ContractError(f"{self._field} changed during the run; run again")

    def _survey(self) -> None:
        """Read all of it, and keep nothing but what a run has to know before it begins."""
        self.steps = self.start_ns = 0
        self._quotes: dict[str, int] = {}
        quotes = self._quotes
        for step in self._steps():
            if self.steps == MAX_STEPS:
                raise ContractError(f"more than {MAX_STEPS} steps in {self._field}; split it")
            said = step[0]
            self.start_ns = self.start_ns if self.steps else said.ts_ns
            self.steps += 1
            if isinstance(said, QuoteUpdate):
                quotes[said.symbol] = quotes.get(said.symbol, 0) + 1

    def _steps(self) -> Iterator[list[Said]]:
        self._stream = QuoteStream(self._only, self._source, trades=self._trades)
        self._refused: dict[str, int] = {}
        self._digest = hashlib.sha256()
        hear, digest = self._stream.hear, self._digest
        for item in self._market:
            if isinstance(item, WireRefused):
                code = item.fault.value
                self._refused[code] = self._refused.get(code, 0) + 1
                continue
            for said in hear(item):
                digest.update(repr(said).encode())
                yield [said]

    def _seen(self) -> tuple[Any, ...]:
        """What one reading came to."""
        return self._digest.hexdigest(), dict(self._refused)
