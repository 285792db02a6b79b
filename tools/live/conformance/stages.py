"""The candidates of this package: each adapter with the hooks to the world behind it."""

from __future__ import annotations

from ..exchange import FakeExchangeClient
from .candidate import Candidate, Fate, Stage
from .capabilities import Capabilities

T0_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z

FAKE = Capabilities(
    sequential_ids=True, liquidity=True, resets=True, deterministic=True,
)  # fmt: skip


def fake() -> Candidate:
    """The seeded fake at its default rates until the stage says what the next order meets."""
    exchange = FakeExchangeClient(clock=lambda: T0_MS)
    return Candidate(exchange, FAKE, Stage(meets=fates_of(exchange)))


def fates_of(exchange: FakeExchangeClient) -> _Fates:
    """The hook that sets the rates of a fake."""
    return _Fates(exchange)


class _Fates:
    """The rates of a fake decide what it draws when an order arrives."""

    def __init__(self, exchange: FakeExchangeClient) -> None:
        self._exchange = exchange

    def __call__(self, request: object, fate: Fate) -> None:
        exchange = self._exchange
        exchange.reject_rate = float(fate is Fate.REJECTED)
        exchange.fill_rate = float(fate in (Fate.FILLS, Fate.FILLS_IN_PART))
        exchange.partial_fill_rate = float(fate is Fate.FILLS_IN_PART)
