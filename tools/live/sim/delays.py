"""How long things take on their way: to the exchange, at it, and back to us.

Each way has a model of its own and draws from a named stream of its own, so that a change of one
never shifts the chance of another. Times are whole nanoseconds; nobody sleeps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from ..core.clock import NS_PER_MS, NS_PER_S
from ..core.errors import ContractError
from ..core.record import fields_of, record
from ..core.rng import stream

Draw: TypeAlias = Callable[[], int]

LONGEST_DELAY_NS = 3600 * NS_PER_S
MOST_SAMPLES = 1_000_000


def _checked(ns: int, what: str) -> int:
    if isinstance(ns, bool) or not isinstance(ns, int) or not 0 <= ns <= LONGEST_DELAY_NS:
        raise ContractError(
            f"{what} {ns!r} is not a whole number of nanoseconds from 0 to {LONGEST_DELAY_NS}"
        )
    return ns


class Delay(Protocol):
    """One way: how long it takes, as drawn from the chance of its stream."""

    @property
    def is_zero(self) -> bool: ...

    def drawn_by(self, chance: Callable[[], float]) -> Draw: ...

    def describe(self) -> dict[str, Any]: ...


class Constant:
    """Always the same."""

    def __init__(self, ns: int) -> None:
        self.ns = _checked(ns, "delay")
        self.is_zero = ns == 0

    def drawn_by(self, chance: Callable[[], float]) -> Draw:
        ns = self.ns
        return lambda: ns

    def describe(self) -> dict[str, Any]:
        return {"model": "constant", "ns": self.ns}


class Uniform:
    """Any whole number of nanoseconds from `low_ns` to `high_ns`, one as likely as another."""

    def __init__(self, low_ns: int, high_ns: int) -> None:
        self.low_ns = _checked(low_ns, "shortest delay")
        self.high_ns = _checked(high_ns, "longest delay")
        if high_ns < low_ns:
            raise ContractError(f"delay from {low_ns} to {high_ns} ns ends before it begins")
        self.is_zero = high_ns == 0

    def drawn_by(self, chance: Callable[[], float]) -> Draw:
        low, width = self.low_ns, self.high_ns - self.low_ns + 1
        return lambda: low + int(chance() * width)

    def describe(self) -> dict[str, Any]:
        return {"model": "uniform", "low_ns": self.low_ns, "high_ns": self.high_ns}


class Empirical:
    """As it was measured: each of the recorded delays is as likely as another."""

    def __init__(self, sample_ns: Sequence[int]) -> None:
        if not 1 <= len(sample_ns) <= MOST_SAMPLES:
            raise ContractError(
                f"a sample of {len(sample_ns)} delays is not one of 1 to {MOST_SAMPLES}"
            )
        self.sample_ns = tuple(sorted(_checked(ns, "recorded delay") for ns in sample_ns))
        self.is_zero = self.sample_ns[-1] == 0

    def drawn_by(self, chance: Callable[[], float]) -> Draw:
        sample, count = self.sample_ns, len(self.sample_ns)
        return lambda: sample[int(chance() * count)]

    def describe(self) -> dict[str, Any]:
        return {"model": "empirical", "sample_ns": list(self.sample_ns)}


@record
class Delays:
    """What takes how long, each way apart; left out, it takes no time.

    `submit` and `cancel` are our ways to the exchange (an amendment goes like an order);
    `acknowledge`, `fill` and `cancel_answer` its ways back to us, and `feed` that of market data.
    """

    submit: Delay = Constant(0)
    acknowledge: Delay = Constant(0)
    fill: Delay = Constant(0)
    cancel: Delay = Constant(0)
    cancel_answer: Delay = Constant(0)
    feed: Delay = Constant(0)

    @property
    def is_zero(self) -> bool:
        """Whether nothing takes any time, so that the exchange can answer on the spot."""
        return all(way.is_zero for _, way in self._ways())

    def describe(self) -> dict[str, Any]:
        return {name: way.describe() for name, way in self._ways()}

    def _ways(self) -> list[tuple[str, Delay]]:
        return [(name, getattr(self, name)) for name in fields_of(self)]


class DrawnDelays:
    """The delays of one run: each call is the next draw of its way."""

    __slots__ = (
        "submit_ns", "acknowledge_ns", "fill_ns", "cancel_ns", "cancel_answer_ns", "feed_ns",
    )  # fmt: skip

    def __init__(self, delays: Delays, seed: int) -> None:
        def drawn(way: str, delay: Delay) -> Draw:
            return delay.drawn_by(stream(seed, f"delay.{way}").random)

        self.submit_ns = drawn("submit", delays.submit)
        self.acknowledge_ns = drawn("acknowledge", delays.acknowledge)
        self.fill_ns = drawn("fill", delays.fill)
        self.cancel_ns = drawn("cancel", delays.cancel)
        self.cancel_answer_ns = drawn("cancel_answer", delays.cancel_answer)
        self.feed_ns = drawn("feed", delays.feed)


def in_ms(submit: int, fill_low: int, fill_high: int, cancel: int) -> Delays:
    """Delays in milliseconds: the answer takes as long as the request, and so does the market."""
    there, out = Constant(submit * NS_PER_MS), Constant(cancel * NS_PER_MS)
    fill = Uniform(fill_low * NS_PER_MS, fill_high * NS_PER_MS)
    return Delays(there, there, fill, out, out, there)


INSTANT = in_ms(0, 0, 0, 0)
FAST = in_ms(10, 50, 100, 20)
NORMAL = in_ms(50, 100, 200, 50)
SLOW = in_ms(100, 500, 1000, 100)
PRESETS = {"instant": INSTANT, "fast": FAST, "normal": NORMAL, "slow": SLOW}
