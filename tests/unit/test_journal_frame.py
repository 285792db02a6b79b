"""The line of the log, `tools.live.journal.frame`, held against the words of the protocol."""

from __future__ import annotations

import hashlib
import json
from random import Random
from typing import Any

import pytest

from tests.unit.journal_builders import LOG_ID, NOON_NS, by_hand
from tests.unit.prop import chance
from tools.live.core.errors import ContractError, InvariantBroken
from tools.live.journal import frame


def a_record(seq: int = 3, payload: str = '{"a":"1"}') -> bytes:
    return frame.record_text(
        base=2, cause=1, corr=7, sseq=40, payload=payload, seq=seq, src="feed", topic="md.quote",
        ts=NOON_NS,
    ).encode()  # fmt: skip


def test_a_line_is_what_the_protocol_says_byte_for_byte() -> None:
    before = hashlib.sha256(b"log-v1\0desk-1").digest()
    record = (
        b'{"b":2,"cause":1,"corr":7,"id":"40","p":{"a":"1"},"q":3,"src":"feed"'
        b',"topic":"md.quote","ts":1735732800000000000,"v":1}'
    )
    expected = hashlib.sha256(before + record)
    block, head = frame.frame_lines(frame.genesis(LOG_ID), [a_record()])
    assert block == b'{"h":"' + expected.hexdigest().encode() + b'","r":' + record + b"}\n"
    assert head == expected.digest()
    assert block[6:70].decode() == head.hex() and block[70:76] == b'","r":'


@pytest.mark.parametrize("seed", range(20))
def test_a_record_is_canonical_json_of_its_ten_keys(seed: int) -> None:
    rng = chance(seed)
    payload = {"text": "".join(chr(rng.randint(1, 0x2FF)) for _ in range(9)), "n": [1, None, True]}
    values = {name: rng.randint(0, 2**63 - 1) for name in ("base", "cause", "corr", "seq", "ts")}
    spelled = json.dumps(payload, sort_keys=True, separators=(",", ":"))
    text = frame.record_text(
        **values, sseq=seed, payload=spelled, src="feed", topic="md.quote"
    )
    read = json.loads(text)
    assert sorted(read) == ["b", "cause", "corr", "id", "p", "q", "src", "topic", "ts", "v"]
    assert text == json.dumps(read, sort_keys=True, separators=(",", ":"))
    assert read["p"] == payload and read["id"] == str(seed) and read["v"] == 1
    assert [read[key] for key in ("b", "cause", "corr", "q", "ts")] == list(values.values())


def test_every_hash_covers_the_line_before() -> None:
    head = frame.genesis(LOG_ID)
    for line in by_hand(9).splitlines():
        assert frame.is_chained(head, line)
        assert not frame.is_chained(frame.genesis("desk-2"), line)
        head = hashlib.sha256(head + json_record(line)).digest()
        assert frame.stored_hash(line) == head


def json_record(line: bytes) -> bytes:
    return json.dumps(json.loads(line)["r"], sort_keys=True, separators=(",", ":")).encode()


def test_both_halves_of_a_line_are_found_around_any_payload() -> None:
    tricky = '{"x":{"q":1,"src":"a","topic":"b","ts":1,"v":1},"y":",\\"q\\":5,"}'
    block, _ = frame.frame_lines(b"", [a_record(payload=tricky)])
    line = block[:-1]
    first = frame.first_half(line)
    second = frame.second_half(line, line.rfind(frame.SECOND_HALF_START))
    assert first is not None and second is not None
    assert line[first.end() : second.start()].decode() == tricky
    assert first.groups() == (b"2", b"1", b"7", b"40")
    assert second.groups() == (b"3", b"feed", b"md.quote", b"1735732800000000000")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"b":2', b'{"b":02'), (b'{"b":2', b'{"b":-2'), (b'{"b":2', b'{ "b":2'),
        (b'"id":"40"', b'"id":40'), (b'"cause":1,', b""), (b'"corr":7', b'"corr":7.0'),
        (b'{"b":2', b'{"b":99999999999999999999'),
    ],
)  # fmt: skip
def test_another_spelling_of_the_first_half_is_not_taken(old: bytes, new: bytes) -> None:
    block, _ = frame.frame_lines(b"", [a_record().replace(old, new)])
    assert frame.first_half(block[:-1]) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"q":3', b'"q":03'), (b'"src":"feed"', b'"src":""'), (b'"v":1', b'"v":2'),
        (b'"src":"feed"', b'"src":"fe ed"'), (b'"v":1}', b'"v":1,"w":1}'), (b'"ts":', b'"ts":-'),
        (b'"topic":"md.quote"', b'"topic":"' + b"t" * 65 + b'"'), (b'"v":1}', b'"v":1} '),
    ],
)  # fmt: skip
def test_another_spelling_of_the_second_half_is_not_taken(old: bytes, new: bytes) -> None:
    block, _ = frame.frame_lines(b"", [a_record().replace(old, new)])
    line = block[:-1]
    assert frame.second_half(line, max(0, line.rfind(frame.SECOND_HALF_START))) is None


@pytest.mark.parametrize("name", ["a", "md.quote", "A-1:b_c", "9" * 64])
def test_plain_words_are_names(name: str) -> None:
    assert frame.check_name(name, "topic") == name


@pytest.mark.parametrize(
    "name", ["", ".a", "a b", 'a"', "a\\", "a\n", "\u00e9", "a" * 65, "\u0661"]
)
def test_other_words_are_not(name: str) -> None:
    with pytest.raises(ContractError, match="^topic .* is not of letters"):
        frame.check_name(name, "topic")


def test_a_record_can_move_to_a_later_batch() -> None:
    assert frame.with_base(a_record(), 17) == a_record().replace(b'{"b":2,', b'{"b":17,')
    with pytest.raises(InvariantBroken, match="begins with"):
        frame.with_base(b'{"cause":1}', 17)


def test_what_a_line_states_is_read_without_trusting_it() -> None:
    line = by_hand(6).splitlines()[5]
    assert frame.stored_base(line) == 4
    for broken in (b"", b"x" * 90, line[:-1], line[1:], line.replace(b'"h"', b'"H"')):
        assert frame.stored_hash(broken) is None
    assert frame.stored_base(b"x" * 90) == -1
    assert frame.stored_hash(line.replace(line[6:70], b"G" * 64)) is None


def test_a_later_version_is_told_apart() -> None:
    line = by_hand(1)[:-1]
    assert frame.newer_version(line) is None
    assert frame.newer_version(line.replace(b'"v":1}', b'"v":2}')) == 2
    assert frame.newer_version(line.replace(b'"v":1}', b'"v":0}')) is None
    assert frame.newer_version(b"nothing") is None


def test_the_time_of_a_record() -> None:
    assert frame.time_of(by_hand(1)) == NOON_NS
    with pytest.raises(InvariantBroken, match="a line ends in"):
        frame.time_of(by_hand(1)[:-1])


def test_a_system_record_is_never_a_repeat() -> None:
    record: dict[str, Any] = json.loads(
        frame.system_record(topic=frame.CLOSED, payload="{}", base=4, seq=5, ts=9)
    )
    assert (record["src"], record["id"], record["q"], record["b"]) == ("system.log", "5", 5, 4)


def test_no_random_bytes_are_a_line() -> None:
    rng = Random(1)
    for _ in range(300):
        noise = bytes(rng.randrange(256) for _ in range(rng.randint(0, 120)))
        assert frame.first_half(noise) is None and frame.stored_hash(noise) is None
