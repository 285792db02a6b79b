"""The fast reading of recorded events and the codec's agree on every payload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.prop import a_market_event, chance
from tools.live.core import codec
from tools.live.core.errors import ContractError
from tools.live.core.market_v1 import (
    MARKET_DATA, MARKET_FACTS, Bbo, DepthDiff, GapDetected, MarketEvent, Trade,
)  # fmt: skip
from tools.live.journal.encode import encoders
from tools.live.market.importers import spelled
from tools.live.market.importers.spelled import event_of

KINDS = (*MARKET_DATA, *MARKET_FACTS)
ENCODE = encoders(lambda _: "feed", KINDS)


def payload(event: MarketEvent) -> bytes:
    """As the journal has it."""
    return ENCODE[event.__class__](event, 1, 0, 0)[0].partition('"p":')[2][:-1].encode()


def by_codec(event_kind: str, ts_ns: int, raw: bytes) -> MarketEvent | str:
    try:
        return codec.market_event(event_kind, ts_ns, codec.load_strict(raw, "x"))
    except ContractError as error:
        return str(error)


@pytest.fixture
def no_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: Any, **_named: Any) -> Any:
        raise AssertionError("the slow way was taken")

    monkeypatch.setattr(codec, "load_strict", refuse)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("seed", range(20))
def test_what_the_journal_spells_comes_back(seed: int, kind: type[Any]) -> None:
    event = a_market_event(chance(seed), kind)
    assert event_of(kind.kind, event.ts_ns, payload(event)) == event


@pytest.mark.parametrize("event", [
    Trade("BTC", "s", "id 7", None, 61_837_630_000_000, 1, None, 1723161255342 * 10**6, 5),
    Trade("BTC", "s", "", None, 10**24 - 1, 10**9, 0, None, 5),
    Bbo("BTC", "s", 0, 0, 5, 10**18, -1, 9 * 10**18 - 1, 0),
    DepthDiff("BTC", "s", ((10**9, 0), (5, 7)), (), None, 7, 8, None, 0),
    GapDetected("BTC", "s", 7, 9, 1),
], ids=lambda event: event.__class__.__name__)  # fmt: skip
def test_what_is_spelled_as_usual_never_reaches_the_codec(
    event: MarketEvent, no_codec: None
) -> None:
    assert event_of(event.kind, event.ts_ns, payload(event)) == event


TRADE = payload(Trade("BTC", "s", "7", None, 10**9, 10**9, 5, None, 5))
DIFF = payload(DepthDiff("BTC", "s", ((10**9, 0), (5, 7)), (), None, 7, 8, None, 0))


@pytest.mark.parametrize("seed", range(200))
def test_a_damaged_payload_is_what_the_codec_says_it_is(seed: int) -> None:
    random = chance(seed)
    kind, raw = random.choice((("md.trade", TRADE), ("md.depth_diff", DIFF)))
    damaged = bytearray(raw)
    for _ in range(random.randrange(1, 4)):
        place = random.randrange(len(damaged))
        change = random.randrange(3)
        if change == 0:
            damaged[place] = random.choice(b'0123456789.,"[]{}:-+eE_ NaBuy')
        elif change == 1:
            del damaged[place]
        else:
            damaged.insert(place, random.choice(b'0123456789.,"[]-'))
    expected = by_codec(kind, 5, bytes(damaged))
    try:
        found: MarketEvent | str = event_of(kind, 5, bytes(damaged))
    except ContractError as error:
        found = str(error)
    if isinstance(expected, str):
        assert isinstance(found, str)
    else:
        assert found == expected


@pytest.mark.parametrize(("old", "new"), [
    (b'"1"', b'"01"'), (b'"1"', b'"1.0"'), (b'"1"', b'"1."'), (b'"1"', b'"1e400"'),
    (b'"1"', b'"NaN"'), (b'"1"', b'"1_0"'), (b'"1"', b'"-1"'), (b'"sequence":5', b'"sequence":05'),
    (b'"sequence":5', b'"sequence":5.0'), (b'"sequence":5', b'"sequence":9223372036854775808'),
    (b'"sequence":5', b'"sequence":9223372036854775807'), (b'"side":null', b'"side":"buy"'),
    (b'"BTC"', b'"B\\u0054C"'), (b'"BTC"', b'"B"C"'), (b'"BTC"', b'"B\x01C"'),
    (b'"qty":"1",', b""), (b'{', b'{"a":1,'), (b":", b": "), (b"}", b"}}"), (b"}", b"}\n"),
    (b'"1"', b'"' + b"9" * 15 + b'"'), (b'"1"', b'"' + b"9" * 16 + b'"'),
    (b'"1"', b'"0.1234567891"'),
])  # fmt: skip
def test_an_unusual_spelling_is_what_the_codec_says_it_is(old: bytes, new: bytes) -> None:
    raw = TRADE.replace(old, new, 1)
    expected = by_codec("md.trade", 5, raw)
    try:
        assert event_of("md.trade", 5, raw) == expected
    except ContractError as error:
        tail = str(error).replace("the payload of md.trade", "x")
        assert tail == expected


def refusal(read: Callable[[], Any]) -> str:
    with pytest.raises(ContractError) as caught:
        read()
    return str(caught.value)


def test_what_is_no_event_is_refused() -> None:
    assert refusal(lambda: event_of("order.fill", 5, TRADE)) == (
        "event kind 'order.fill' is no market event")  # fmt: skip
    assert refusal(lambda: event_of("md.trade", 5, b"[]")) == "the payload of md.trade is no object"


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spelled, "_MOST_KEPT", 2)
    for number in range(6):
        event = Trade(f"S{number}", "s", str(number), None, number + 1, 9, None, None, 5)
        assert event_of("md.trade", 5, payload(event)) == event
    numbers, words = spelled._Numbers(), spelled._Words()
    for number in range(5):
        assert numbers[b"%d" % number] == number * 10**9
        assert words[b"%d" % number] == str(number)
    assert len(numbers) <= 2 and len(words) <= 2
