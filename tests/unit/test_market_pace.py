"""The pace of a recorded market: `tools.live.market_pace`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.unit.test_market_feed import Told
from tests.unit.test_quotes import bbo
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import QuoteUpdate
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import MarketFact
from tools.live.market.feed import MarketFeed
from tools.live.market_pace import Paced, read_pace


@pytest.mark.parametrize(
    ("text", "times"),
    [("max", None), ("1", 1.0), ("x10", 10.0), ("10x", 10.0), ("\u00d72.5", 2.5), ("0.001", 0.001),
     ("x1000000", 1_000_000.0)],
)  # fmt: skip
def test_a_pace_is_read(text: str, times: float | None) -> None:
    assert read_pace(text, "--speed") == times


@pytest.mark.parametrize(
    "text",
    ["", "0", "x0", "0.000", "-1", "fast", "1e3", "1_0", "nan", "inf", "x1000001", "1.0001", "1.",
     "\u0661"],
)  # fmt: skip
def test_what_is_no_pace_is_refused(text: str) -> None:
    with pytest.raises(ContractError) as refused:
        read_pace(text, "--speed")
    assert str(refused.value) == (
        f"--speed {text!r} is no pace; give max, or times real time up to 1000000 such as x10"
    )


class Time:
    """A clock that moves when somebody waits, and a little at every look."""

    def __init__(self, look: float = 0.0) -> None:
        self.now = 100.0
        self.look = look
        self.waits: list[float] = []

    def tell(self) -> float:
        self.now += self.look
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def a_feed() -> MarketFeed:
    return MarketFeed(Told(*(bbo(9 + n, 20, n * NS_PER_S + 1) for n in range(4))))


def test_it_waits_until_what_comes_next_is_due() -> None:
    time = Time()
    assert list(Paced(a_feed(), 2.0, time.tell, time.wait)) == list(a_feed())
    assert time.waits == [0.5, 0.5, 0.5]


def test_who_is_late_does_not_wait() -> None:
    time = Time(look=1.0)
    assert len(list(Paced(a_feed(), 4.0, time.tell, time.wait))) == 4
    assert time.waits == []


class WithAnswers:
    """A feed in which the exchange alone says something between two quotes."""

    def __init__(self, feed: MarketFeed) -> None:
        self.feed = feed
        self.steps, self.symbols, self.start_ns = feed.steps, feed.symbols, feed.start_ns

    def describe(self) -> dict[str, Any]:
        return self.feed.describe()

    def __iter__(self) -> Iterator[Sequence[QuoteUpdate | MarketFact]]:
        for step in self.feed:
            yield ()
            yield step


def test_what_the_exchange_alone_says_is_passed_on_at_once() -> None:
    time, feed = Time(), WithAnswers(a_feed())
    steps = list(Paced(feed, 2.0, time.tell, time.wait))
    assert steps == list(feed) and steps.count(()) == 4
    assert time.waits == [0.5, 0.5, 0.5]


def test_it_is_the_same_market_at_every_pace() -> None:
    feed = a_feed()
    paced = Paced(feed, 7.0)
    assert paced.describe() == feed.describe()
    told = (paced.steps, paced.symbols, paced.start_ns)
    assert told == (feed.steps, feed.symbols, feed.start_ns) == (4, ["A"], 1)
