"""Ten thousand mutations of real lines for each market: right events, or refusals with a code.

Never an exception, never a wrong number: what is taken is compared with an independent reading.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from random import Random

import pytest

from tests.market import binance_oracle, captures
from tests.unit import prop
from tools.live.core import codec
from tools.live.market.normalize import binance
from tools.live.market.normalize.wire import Item, WireFault, WireRefused

RECEIVED = 1_723_161_254_087_891_268
SYMBOL = "BTCUSDT"
SEEDS = 25
PER_SEED = 400  # with 25 seeds ten thousand for each market
NORMALIZERS = {"spot": binance.spot, "usdm": binance.usdm}
MOST_LEVELS = 40  # longer lines cost time and are no other lines

FIELD = re.compile(rb'"(\w+)":("[^"]*"|-?\d+|true|false|null)')
TEXT = re.compile(rb'"[0-9.]+"')
HOSTILE = (
    b"1e400", b"NaN", b"-1", b'""', b'"1_0"', b'" 1"', b'"1 "', b"null", b"true", b"0", b"1.0",
    b'"0"', b'"-0.5"', b'"1e5"', b'"NaN"', b'"Infinity"', b'"\\ud800"', b'"\\u0031"', b"[]", b"{}",
    b'"0.0000000001"', b'"0.000000001"', b'"1000000000000000"', b'"1000000000000001"', b'"."',
    b'"1."', b'".5"', b'"1.2.3"', b"00", b"01", b"9223372036854775807", b"9223372036854775808",
    b"9000000000000", b"9000000000001", b'"\xd9\xa1"', b'"BTC"', b'"btc"', b'"NA"', b'"kline"',
    b'"depthUpdate"', b'"trade"', b'"bookTicker"', b'"aggTrade"', b"1" * 45, b'"x@depth5"',
)  # fmt: skip
CHARACTERS = b'0123456789.,:[]{}"\\-+eE_ nNtfuU\x00\x1f\x7f\xc3\xff'


@cache
def lines(market: str) -> tuple[bytes, ...]:
    """Twenty real messages of every kind, none of them long."""
    kinds: dict[bytes, list[bytes]] = {}
    for _, message in captures.lines(captures.extract(market)):
        if message.startswith(b'{"lastUpdateId"'):
            message = _shortened(message)
        if message.count(b"],[") < MOST_LEVELS:
            kind = message[:40].partition(b"@")[2][:5]
            kinds.setdefault(kind, []).append(message)
    assert len(kinds) == 4
    return tuple(one for told in kinds.values() for one in (told * 20)[:20])


def _shortened(snapshot: bytes) -> bytes:
    told = json.loads(snapshot)
    shorter = {name: told[name][:9] for name in ("bids", "asks")}
    return json.dumps({**told, **shorter}, separators=(",", ":")).encode()


def mutated(rng: Random, line: bytes) -> bytes:
    """The line, out of its envelope now and then, with one to three changes."""
    if line.startswith(b'{"stream"') and rng.random() < 0.3:
        line = line.partition(b'"data":')[2][:-1]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        line = (_byte_changed if rng.random() < 0.4 else _field_changed)(rng, line)
    return line


def _byte_changed(rng: Random, line: bytes) -> bytes:
    """A byte flipped, deleted, inserted, replaced, moved; or the line cut short."""
    place = rng.randrange(len(line) or 1)
    before, after = line[:place], line[place:]
    way = rng.randrange(6)
    if way == 0:
        return before + bytes([(line[place] if line else 0) ^ 1 << rng.randrange(8)]) + after[1:]
    if way == 1:
        return before + after[1:]
    if way == 2:
        return before + bytes([rng.choice(CHARACTERS)]) + after
    if way == 3:
        return before + bytes([rng.choice(CHARACTERS)]) + after[1:]
    if way == 4:
        return before + after[1:2] + after[:1] + after[2:]
    return before


def _field_changed(rng: Random, line: bytes) -> bytes:
    """A field dropped, doubled, exchanged or spoiled; a number of a level; or deep nesting."""
    found = list(FIELD.finditer(line))
    numbers = list(TEXT.finditer(line))
    way = rng.randrange(7)
    if not found or not numbers or way == 6:
        return b"[" * rng.choice((1, 64, 65)) + line + b"]" * rng.choice((1, 64, 65))
    field, other, number = rng.choice(found), rng.choice(found), rng.choice(numbers)
    if way == 0:
        return line[: field.start()] + line[field.end() :].removeprefix(b",")
    if way == 1:
        return line[: field.end()] + b"," + other[0] + line[field.end() :]
    if way == 2:
        return line[: field.start(2)] + other[2] + line[field.end(2) :]
    if way == 3:
        return line[: field.start(2)] + rng.choice(HOSTILE) + line[field.end(2) :]
    if way == 4:
        return line[: number.start()] + rng.choice(HOSTILE) + line[number.end() :]
    digits = bytes(rng.choice(b"0123456789") if 48 <= one < 58 else one for one in number[0])
    return line[: number.start()] + digits + line[number.end() :]


def checked(market: str, raw: bytes) -> Item:
    """What a message says, after an event in it was found right."""
    items = NORMALIZERS[market](raw, RECEIVED, SYMBOL)
    assert len(items) == 1
    item = items[0]
    if isinstance(item, WireRefused):
        assert item.shown.isascii() and len(item.shown) <= 60
        return item
    assert item == binance_oracle.expected(raw, RECEIVED, market, SYMBOL)
    assert codec.market_event(item.kind, item.ts_ns, codec.payload_of(item)) == item
    assert NORMALIZERS[market](raw + b" ", RECEIVED, SYMBOL) == items, "the two ways differ"
    return item


@pytest.mark.parametrize("market", NORMALIZERS)
def test_unharmed_lines_are_events(market: str) -> None:
    assert {type(checked(market, line)).__name__ for line in lines(market)} == {
        "Bbo", "Trade", "DepthDiff", "DepthSnapshot",
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("market", NORMALIZERS)
def test_a_mutation_is_the_right_event_or_a_refusal(market: str, seed: int) -> None:
    rng = prop.chance(seed)
    outcomes = Counter(
        type(checked(market, mutated(rng, rng.choice(lines(market))))).__name__
        for _ in range(PER_SEED)
    )
    assert outcomes["WireRefused"] > PER_SEED // 3
    assert outcomes.total() - outcomes["WireRefused"] > PER_SEED // 20


@pytest.mark.parametrize("market", NORMALIZERS)
def test_mutations_reach_every_refusal(market: str) -> None:
    rng = prop.chance(99)
    faults = set()
    for _ in range(2_000):
        item = checked(market, mutated(rng, rng.choice(lines(market))))
        if isinstance(item, WireRefused):
            faults.add(item.fault)
    assert faults == set(WireFault) - {WireFault.TOO_LONG}
