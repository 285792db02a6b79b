"""The fast reader of payloads, `tools.live.journal.strict`, is the strict one, only faster."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from tests.unit.prop import chance
from tests.unit.test_codec_strict import READ, REFUSED
from tools.live.core import codec
from tools.live.core.errors import ContractError
from tools.live.journal import strict
from tools.live.journal.strict import parse_payload

CASES = {**{name: case[0] for name, case in READ.items()},
         **{name: case[0] for name, case in REFUSED.items()}}  # fmt: skip
TOKENS = (b"{", b"}", b"[", b"]", b",", b":", b'"a"', b'"b"', b'"\\u0061"', b"1", b"-0.0", b"1e5",
          b"1e400", b"NaN", b"null", b"true", b" ", b'":x"', b"9" * 41, b'"\xc3\xa9"', b"\xff",
          b'{"a":1}', b'{"a":1,"a":2}', b'{"a" :1,"a":2}', b'["a",":b"]')  # fmt: skip


def answer(read: Any, raw: bytes) -> str:
    try:
        return repr(read(raw, "cfg"))
    except ContractError as error:
        return f"refused: {error}"


@pytest.mark.parametrize("name", CASES)
def test_it_answers_as_the_strict_loader_does(name: str) -> None:
    assert answer(parse_payload, CASES[name]) == answer(codec.load_strict, CASES[name])


@pytest.mark.parametrize("seed", range(30))
def test_it_answers_alike_for_whatever_comes(seed: int) -> None:
    rng = chance(seed)
    for _ in range(200):
        raw = b"".join(rng.choice(TOKENS) for _ in range(rng.randint(1, 9)))
        for candidate in (raw, b'{"k":' + raw + b"}", bent(rng, raw)):
            assert answer(parse_payload, candidate) == answer(codec.load_strict, candidate)


def bent(rng: Random, raw: bytes) -> bytes:
    place = rng.randrange(len(raw))
    return raw[:place] + bytes([rng.randrange(256)]) + raw[place + 1 :]


def test_what_was_written_canonically_is_read_back() -> None:
    value = {"bid": "1.5", "levels": [["1", "2"], ["3", "4"]], "n": 7, "deep": {"x": None}}
    assert parse_payload(codec.canonical(value).encode(), "p") == value


FLAT = {
    "text": {"a": "1", "bid": "1.5"}, "nothing": {}, "words": {"a": None, "b": True, "c": False},
    "numbers": {"a": 0, "b": -7, "c": 10**38, "d": "x"}, "empty": {"": ""}, "colon": {"a": ":b"},
}  # fmt: skip


@pytest.mark.parametrize("name", FLAT)
def test_flat_payloads_need_no_second_look(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict, "load_strict", None)
    assert parse_payload(codec.canonical(FLAT[name]).encode(), "p") == FLAT[name]


@pytest.mark.parametrize(
    "raw",
    [b'{"a":1,"a":2}', b'{"a":"12","a":"1"}', b'{"a":"1" }', b'{"a" :"1"}', b'{"a":"\\n"}',
     b'{"a":"1"}x', b'{"a":[1]}', b'{"a":{}}', b'{"a":1.0}', b'{"a":-0}', b'[1]', b'"a"',
     b'{"a":%d}' % 10**39, b'{"a":\t1}', b'{"aaa":"1","a":"1","a":"2222"}', b'{"a":"\x7f"}',
     b'{"a":"1","a":NaN}', b'{"b":"","":"b"}', b'{"a":null,"a":true}', b'{"a":truee}'],
)  # fmt: skip
def test_whatever_is_not_surely_flat_is_read_as_always(raw: bytes) -> None:
    assert answer(parse_payload, raw) == answer(codec.load_strict, raw)


def test_beyond_the_limit_of_bytes_it_refuses_as_well() -> None:
    raw = json.dumps("x" * codec.MAX_BYTES).encode()
    assert answer(parse_payload, raw) == answer(codec.load_strict, raw)
    assert "refused" in answer(parse_payload, raw)
