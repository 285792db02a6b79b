"""What can happen to messages on their way: a pass over any stream of events, told what to do.

Messages are numbered from 1 as the stream has them. A script says what happens to which; for all
that it does to a message the pass tells its `witness`, so a test knows the truth that a receiver
has to find out. Times of receipt never go back: what is held up is stamped anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from itertools import pairwise
from typing import Any, TypeAlias

from ..core.errors import ContractError
from ..core.market_v1 import FeedLost, MarketEvent
from ..core.record import fields_of, record
from ..core.rng import stream
from .bounds import whole

MAX_NUMBER = 10**12
MAX_BY = 10_000
REASON = "scripted"
_MAX_NS = 2**63 - 1
_FURTHEST_DRAWN = 5


class Mishap(str, Enum):
    """What happens to a message."""

    DROPPED = "dropped"
    DUPLICATED = "duplicated"
    DELAYED = "delayed"
    LOST = "lost"


@record
class Drop:
    """The messages from `first` to `last` never come."""

    first: int
    last: int


@record
class Duplicate:
    """Each message from `first` to `last` comes twice, the second right behind the first."""

    first: int
    last: int


@record
class Delay:
    """Message `at` comes behind the `by` that follow it; with 1 the two change places."""

    at: int
    by: int


@record
class Lose:
    """The connection ends at `from_ns` and is back at `until_ns`, by the time of receipt.

    Every symbol that was heard of gets its `FeedLost`; what is held up by then never comes.
    """

    from_ns: int
    until_ns: int


Disturbance: TypeAlias = Drop | Duplicate | Delay | Lose


@record
class Done:
    """What happened to which message; the event is as the venue sent it."""

    mishap: Mishap
    number: int
    event: MarketEvent


Witness: TypeAlias = Callable[[Done], None]


def disturbed(
    events: Iterable[MarketEvent], script: Sequence[Disturbance], witness: Witness | None = None
) -> Iterator[MarketEvent]:
    """The events as they arrive when the script happens to them."""
    check_disturbances(script)
    return _Way(script, witness or _nobody).arriving(events)


def drawn(seed: int, messages: int, each: int) -> tuple[Disturbance, ...]:
    """A script by chance: so many drops, duplicates and delays of one message among the first."""
    if not 1 <= each <= messages // 3:
        raise ContractError(
            f"each {each!r:.60} is not from 1 to a third of {messages} messages; draw fewer"
        )
    draw = stream(seed, "disturb").random
    found: dict[int, Disturbance] = {}
    while len(found) < 3 * each:
        number = 1 + int(draw() * messages)
        by = 1 + int(draw() * _FURTHEST_DRAWN)
        if number not in found:
            choices = Drop(number, number), Duplicate(number, number), Delay(number, by)
            found[number] = choices[len(found) % 3]
    return tuple(found[number] for number in sorted(found))


def check_disturbances(script: Sequence[Disturbance]) -> None:
    """A ContractError when a part of the script is out of range, or two parts touch one message."""
    for one in script:
        match one:
            case Drop() | Duplicate():
                name = one.__class__.__name__.lower()
                whole(one.first, f"{name} first", 1, MAX_NUMBER)
                whole(one.last, f"{name} last", one.first, MAX_NUMBER)
            case Delay():
                whole(one.at, "delay at", 1, MAX_NUMBER)
                whole(one.by, "delay by", 1, MAX_BY)
            case Lose():
                whole(one.from_ns, "lose from_ns", 0, _MAX_NS)
                whole(one.until_ns, "lose until_ns", one.from_ns + 1, _MAX_NS)
            case _:
                raise ContractError(
                    f"disturbance {one!r:.60} is not known; take Drop, Duplicate, Delay or Lose"
                )
    _apart(_spans(script), "message")
    _apart(_losses(script), "time")


def described_mishap(one: Disturbance) -> dict[str, Any]:
    """A part of a script as plain data."""
    return {"kind": one.__class__.__name__.lower()} | {n: getattr(one, n) for n in fields_of(one)}


_Span: TypeAlias = tuple[int, int, Disturbance]


class _Way:
    """Where a pass is: the parts of the script that are ahead, and what is held up."""

    def __init__(self, script: Sequence[Disturbance], witness: Witness) -> None:
        self._spans = _spans(script)
        self._losses = _losses(script)
        self._witness = witness
        self._held: dict[int, list[tuple[int, MarketEvent]]] = {}
        self._heard: dict[tuple[str, str], None] = {}
        self._back_ns = 0
        self._now_ns = 0

    def arriving(self, events: Iterable[MarketEvent]) -> Iterator[MarketEvent]:
        for number, event in enumerate(events, start=1):
            self._now_ns = event.ts_ns
            if self._losses:
                yield from self._breaks()
                self._heard[event.symbol, event.source] = None
            yield from self._meets(number, event)
            if self._held:
                yield from self._late(number)
        for number in sorted(self._held):
            yield from self._late(number)

    def _meets(self, number: int, event: MarketEvent) -> Iterator[MarketEvent]:
        """What becomes of one message when its turn comes."""
        while self._spans and self._spans[0][1] < number:
            self._spans.popleft()
        fate = self._spans[0][2] if self._spans and self._spans[0][0] <= number else None
        match fate:
            case Drop():
                self._witness(Done(Mishap.DROPPED, number, event))
            case Delay():
                self._witness(Done(Mishap.DELAYED, number, event))
                self._held.setdefault(number + fate.by, []).append((number, event))
            case Duplicate():
                self._witness(Done(Mishap.DUPLICATED, number, event))
                yield from self._delivers(number, event)
                yield from self._delivers(number, event)
            case _:
                yield from self._delivers(number, event)

    def _late(self, number: int) -> Iterator[MarketEvent]:
        """What was held up until behind this message, stamped with the time that it is now."""
        for held, event in self._held.pop(number, ()):
            yield from self._delivers(held, event)

    def _delivers(self, number: int, event: MarketEvent) -> Iterator[MarketEvent]:
        if self._now_ns < self._back_ns:
            self._witness(Done(Mishap.LOST, number, event))
        elif event.ts_ns == self._now_ns:
            yield event
        else:
            yield _stamped(event, self._now_ns)

    def _breaks(self) -> Iterator[MarketEvent]:
        """The connection has ended by now: all who were heard of are lost, and what is held up."""
        while self._losses and self._losses[0][0] <= self._now_ns:
            from_ns, last_ns, _ = self._losses.popleft()
            self._back_ns = last_ns + 1
            for due in sorted(self._held):
                for number, event in self._held.pop(due):
                    self._witness(Done(Mishap.LOST, number, event))
            for symbol, source in self._heard:
                yield FeedLost(symbol, source, REASON, from_ns)


def _nobody(_done: Done) -> None:
    return


def _stamped(event: MarketEvent, ts_ns: int) -> MarketEvent:
    values = {name: getattr(event, name) for name in fields_of(event)}
    made: MarketEvent = event.__class__(**values | {"ts_ns": ts_ns})
    return made


def _spans(script: Sequence[Disturbance]) -> deque[_Span]:
    """Which messages something happens to, in order."""
    spans: list[_Span] = []
    for one in script:
        match one:
            case Drop() | Duplicate():
                spans.append((one.first, one.last, one))
            case Delay():
                spans.append((one.at, one.at, one))
    return deque(sorted(spans, key=_begin))


def _losses(script: Sequence[Disturbance]) -> deque[_Span]:
    """When the connection is lost, in order."""
    lost = [(one.from_ns, one.until_ns - 1, one) for one in script if isinstance(one, Lose)]
    return deque(sorted(lost, key=_begin))


def _begin(span: _Span) -> int:
    return span[0]


def _apart(spans: Iterable[_Span], what: str) -> None:
    for (_, last, _), (first, _, _) in pairwise(spans):
        if first <= last:
            raise ContractError(f"{what} {first} is disturbed twice; keep one of the two")
