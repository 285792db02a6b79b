"""Generated encoders spell every event as the plain encoder does, to the byte."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit import prop
from tests.unit.test_properties import lived_through, operations
from tools.live.core import codec
from tools.live.core.contracts_v1 import (
    BUY, INPUTS, OUTPUTS, Approved, Entry, FillFault, FillRefused, FreezeOrdered, IntentRefused,
    OpenOrdersListed, RefusalReason,
)  # fmt: skip
from tools.live.core.errors import InvariantBroken
from tools.live.core.line import source_of
from tools.live.journal import encode
from tools.live.journal.encode import Texts, encoders
from tools.live.journal.frame import record_text

SPELL = encoders(source_of)


def spelled(entry: Entry, base: int = 3, seq: int = 17) -> str:
    """The record as the generated encoder spells it."""
    before, after = SPELL[type(entry.event)](entry.event, entry.seq, entry.corr, entry.cause)
    return f'{{"b":{base},{before}"q":{seq},{after}'


def plainly(entry: Entry, base: int = 3, seq: int = 17) -> str:
    """The record as the plain encoder spells it."""
    data = codec.envelope(entry)
    return record_text(
        base=base, cause=entry.cause, corr=entry.corr, sseq=entry.seq, seq=seq,
        payload=codec.canonical(data["payload"]), src=data["src"], topic=data["kind"],
        ts=data["ts_ns"],
    )  # fmt: skip


def test_a_record_by_hand() -> None:
    approved = Approved("CLI00000001", "BTCUSDT", BUY, 10**7, 50_000 * 10**9 + 1, 77)
    assert spelled(Entry(5, "loop", 4, 4, approved)) == (
        '{"b":3,"cause":4,"corr":4,"id":"5","p":{"client_order_id":"CLI00000001",'
        '"price":"50000.000000001","qty":"0.01","side":"Buy","symbol":"BTCUSDT"},"q":17,'
        '"src":"loop","topic":"order.place","ts":77,"v":1}'
    )


@pytest.mark.parametrize("seed", range(40))
def test_inputs_of_every_kind_are_spelled_as_the_plain_encoder_does(seed: int) -> None:
    rng = prop.chance(seed)
    for number, event in enumerate(prop.inputs(rng, 60), 1):
        entry = Entry(number, source_of(type(event)), rng.randint(0, number), 0, event)
        assert spelled(entry) == plainly(entry)


@pytest.mark.parametrize("seed", range(30))
def test_whole_runs_are_spelled_as_the_plain_encoder_does(seed: int) -> None:
    for entry in lived_through(operations(seed, 60)).line.entries:
        assert spelled(entry) == plainly(entry)


ODD = 'a "quoted" \\ back\u2028slash \U0001f600 \x00 text'


@pytest.mark.parametrize(
    "event",
    [
        FreezeOrdered(ODD, None, ODD, 1),
        FreezeOrdered("", ODD, "", 1),
        OpenOrdersListed((), 1),
        OpenOrdersListed((ODD, "x"), 1),
        FillRefused("F", "O", FillFault.OVERFILL, ODD, 1),
        IntentRefused(ODD, "hold", -5, 0, RefusalReason.UNKNOWN_SIDE, 1),
        IntentRefused("A", BUY, 10**40, 1, RefusalReason.FROZEN, 1),
    ],
    ids=lambda event: type(event).__name__,
)
def test_odd_text_and_numbers_too(event: Any) -> None:
    entry = Entry(1, source_of(type(event)), 0, 0, event)
    assert spelled(entry) == plainly(entry)


def test_every_contract_has_an_encoder() -> None:
    assert list(SPELL) == [*INPUTS, *OUTPUTS]


def test_a_field_of_an_unknown_type_is_a_fault_of_ours() -> None:
    with pytest.raises(InvariantBroken, match="a field size of type float"):
        encode._spelling("size", "float", "event.")


def test_texts_are_kept_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "_MOST_TEXTS", 3)
    texts = Texts()
    assert [texts[n * 10**9] for n in (1, 2, 3)] == ['"1"', '"2"', '"3"']
    assert sorted(texts) == [10**9, 2 * 10**9, 3 * 10**9]
    assert texts[5] == '"0.000000005"'
    assert list(texts) == [5]
    assert texts[5] is texts[5]
