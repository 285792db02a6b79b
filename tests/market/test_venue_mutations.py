"""Bybit, Coinbase and Alpaca: ten thousand mutations each are events that are right, or refusals.

Never an exception, never a wrong number: what is taken is compared with an independent reading.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, TypeAlias

import pytest

from tests.market import venue_lines, venue_oracle
from tests.unit import prop
from tools.live.core import codec
from tools.live.market.normalize import alpaca, bybit, coinbase
from tools.live.market.normalize.wire import Item, WireFault, WireRefused

Read: TypeAlias = Callable[[bytes, int], tuple[Item, ...]]

RECEIVED = 1_700_000_000_987_654_321
SEEDS = 25
PER_SEED = 400  # of each venue, so with 25 seeds ten thousand
HOSTILE = (
    None, True, False, 0, 1, -1, 1.5, 10**40, 1 << 63, "", " 1", "1 ", "1_0", "-1", "+1", "01",
    "0.0000000001", "1e5", "1e400", "NaN", "Infinity", "\u0661", ".5", "5.", [], {}, [[]], "0",
    "9" * 60, "0" * 30 + "7", "snapshot", "delta", "buy", "Sell", "1970-01-01T00:00:00Z", "x" * 99,
)  # fmt: skip
CHARACTERS = b'0123456789.,:[]{}"\\-+eE_ nNtf\x00\x1f\x7f\xc3\xff'


def linear(raw: bytes, ts_ns: int) -> tuple[Item, ...]:
    return bybit.normalize(raw, ts_ns, category="linear")


VENUES: dict[str, tuple[tuple[bytes, ...], Read]] = {
    "bybit-linear": (venue_lines.BYBIT, linear),
    "coinbase": (venue_lines.COINBASE, coinbase.normalize),
    "alpaca": (venue_lines.ALPACA, alpaca.normalize),
}
FAULTS = {
    "bybit-linear": set(WireFault) - {WireFault.TOO_LONG},
    "coinbase": set(WireFault) - {WireFault.TOO_LONG},
    "alpaca": set(WireFault) - {WireFault.TOO_LONG, WireFault.BAD_LEVELS, WireFault.BAD_SIDE},
}


def checked(raw: bytes, venue: str) -> tuple[Item, ...]:
    """What a message says, after every event in it was found right."""
    read = VENUES[venue][1]
    items = read(raw, RECEIVED)
    assert items
    events = [place for place, item in enumerate(items) if not isinstance(item, WireRefused)]
    if not events and len(items) == 1:
        return items  # a refusal of the whole message says nothing of its parts
    makers = venue_oracle.expected(raw, RECEIVED, venue)
    assert len(makers) == len(items)
    for place in events:
        item = items[place]
        assert not isinstance(item, WireRefused)
        assert item == makers[place]()
        payload = codec.payload_of(item)
        assert codec.market_event(item.kind, item.ts_ns, payload) == item
    return items


def mutated(rng: Random, line: bytes) -> bytes:
    """The line with one to three of its bytes or parts changed."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        line = _bytes_changed(rng, line) if rng.random() < 0.4 else _parts_changed(rng, line)
    return line


def _bytes_changed(rng: Random, line: bytes) -> bytes:
    if not line:
        return line
    place = rng.randrange(len(line))
    way = rng.randrange(6)
    if way == 0:
        return line[:place] + bytes([line[place] ^ 1 << rng.randrange(8)]) + line[place + 1 :]
    if way == 1:
        return line[:place] + line[place + 1 :]
    if way == 2:
        return line[:place] + bytes([rng.choice(CHARACTERS)]) + line[place:]
    if way == 3:
        return line[:place]
    digits = [at for at, byte in enumerate(line) if byte in b"0123456789"]
    if way == 4 and digits:
        place = rng.choice(digits)
        return line[:place] + bytes([rng.choice(b"0123456789")]) + line[place + 1 :]
    other = rng.randrange(len(line))
    first, last = sorted((place, other))
    return line[:first] + line[first:last][:40] * 2 + line[last:]


def _parts_changed(rng: Random, line: bytes) -> bytes:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return _bytes_changed(rng, line)
    holders = list(_holders(message))
    if not holders:
        return _bytes_changed(rng, line)
    holder = rng.choice(holders)
    key = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    way = rng.randrange(7)
    if way == 0:
        del holder[key]
    elif way == 1:
        holder[key] = {"deep": [holder[key]]}
    elif way == 2:
        other = rng.choice(holders)
        at = rng.choice(list(other) if isinstance(other, dict) else range(len(other)))
        holder[key], other[at] = other[at], holder[key]
    elif way == 3 and isinstance(holder, list):
        holder.append(holder[key])
    else:
        holder[key] = rng.choice(HOSTILE)
    try:
        spelled = json.dumps(message, separators=(",", ":"))
    except (ValueError, RecursionError):  # a part was put into itself
        return line
    if way == 4 and isinstance(holder, dict):
        spelled = spelled.replace("{", "{" + f'{json.dumps(str(key))}:"1",', 1)
    return spelled.encode("utf-8", "surrogatepass")


def _holders(part: Any) -> Iterator[Any]:
    """Every object and list in a message that holds something."""
    if isinstance(part, (dict, list)) and part:
        yield part
        for one in part.values() if isinstance(part, dict) else part:
            yield from _holders(one)


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_mutation_is_a_right_event_or_a_coded_refusal(venue: str, seed: int) -> None:
    rng = prop.chance(seed)
    lines, _ = VENUES[venue]
    for _ in range(PER_SEED):
        checked(mutated(rng, rng.choice(lines)), venue)


@pytest.mark.parametrize("venue", VENUES)
def test_the_mutations_reach_events_and_every_refusal(venue: str) -> None:
    rng = prop.chance(1)
    lines, read = VENUES[venue]
    events, faults = 0, set()
    for _ in range(4000):
        for item in read(mutated(rng, rng.choice(lines)), RECEIVED):
            if isinstance(item, WireRefused):
                faults.add(item.fault)
            else:
                events += 1
    assert events > 500
    assert faults == FAULTS[venue]


@pytest.mark.parametrize("venue", VENUES)
def test_the_lines_themselves_say_what_the_second_reading_says(venue: str) -> None:
    lines, _ = VENUES[venue]
    items = [item for line in lines for item in checked(line, venue)]
    assert items == [item for line in lines for item in checked(line, venue)]
    faults = [item.fault for item in items if isinstance(item, WireRefused)]
    assert set(faults) == {WireFault.NOT_DATA}
    assert len(items) - len(faults) == {"bybit-linear": 7, "coinbase": 11, "alpaca": 6}[venue]
