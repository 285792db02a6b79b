"""What waits for the disk, in which batch, and what is known of it: `tools.live.journal.queue`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.journal_builders import NOON_NS
from tools.live.core.errors import ContractError, InvariantBroken
from tools.live.journal.frame import (
    FRAME_BYTES, MAX_LINE_BYTES, frame_lines, genesis, record_text,
)  # fmt: skip
from tools.live.journal.outcome import Limits, Outcome
from tools.live.journal.queue import Batch, Queue

HEAD = genesis("desk-1")
PAYLOAD = '{"bid":"1.5"}'


def a_queue(next_seq: int = 10, **limits: int) -> Queue:
    return Queue(next_seq, HEAD, {"feed": 4}, Limits(**limits))


def add(queue: Queue, sseq: int, payload: str | dict[str, Any] = PAYLOAD, **more: Any) -> Outcome:
    given = {"topic": "md.quote", "ts": NOON_NS, "src": "feed", **more}
    return queue.append(sseq=sseq, payload=payload, **given)


def drained(queue: Queue) -> list[Batch]:
    batches = []
    while (batch := queue.take()) is not None:
        queue.doubt(batch)
        queue.settle(batch)
        batches.append(batch)
    return batches


def record_of(line: bytes) -> Any:
    return json.loads(line)["r"]


def heads(batch: Batch) -> list[tuple[int, int]]:
    return [(told["q"], told["b"]) for told in map(record_of, batch.lines)]


def test_a_record_carries_all_that_was_said() -> None:
    queue = a_queue()
    assert add(queue, 5, {"z": 1, "a": "\u00e9"}, corr=8, cause=9) is Outcome.WAITING
    (batch,) = drained(queue)
    expected = record_text(
        base=10, cause=9, corr=8, sseq=5, payload='{"a":"\\u00e9","z":1}', seq=10, src="feed",
        topic="md.quote", ts=NOON_NS,
    )  # fmt: skip
    line, head = frame_lines(HEAD, [expected.encode()])
    assert batch == Batch(10, [line], len(expected) + FRAME_BYTES, head)
    assert batch.size == len(line)


def test_a_batch_has_its_first_seq_as_base_and_a_bound_of_records() -> None:
    queue = a_queue(batch_records=3)
    for sseq in range(5, 12):
        add(queue, sseq)
    assert (queue.next_seq, queue.base, queue.waiting) == (17, 16, 7)
    batches = drained(queue)
    assert [heads(batch) for batch in batches] == [
        [(10, 10), (11, 10), (12, 10)], [(13, 13), (14, 13), (15, 13)], [(16, 16)],
    ]  # fmt: skip
    assert [batch.last_seq for batch in batches] == [12, 15, 16]
    assert (queue.durable_seq, queue.waiting, queue.base) == (16, 0, 17)


def test_the_chain_goes_on_from_batch_to_batch() -> None:
    queue = a_queue(batch_records=3)
    for sseq in range(5, 12):
        add(queue, sseq)
    batches = drained(queue)
    lines = [line for batch in batches for line in batch.lines]
    records = [line[76:-2] for line in lines]
    assert frame_lines(HEAD, records) == (b"".join(lines), batches[-1].head)
    for batch in batches:
        assert batch.lines[-1][6:70].decode() == batch.head.hex()


def test_a_batch_has_a_bound_of_bytes() -> None:
    queue = a_queue(batch_bytes=600)
    for sseq in range(5, 12):
        add(queue, sseq)
    batches = drained(queue)
    assert sum(len(batch.lines) for batch in batches) == 7
    for batch in batches:
        assert batch.size == sum(map(len, batch.lines)) <= 600
        assert all(base == batch.base for _, base in heads(batch))


def test_a_record_larger_than_a_batch_goes_alone() -> None:
    queue = a_queue(batch_bytes=300)
    add(queue, 5)
    add(queue, 6, {"x": "y" * 400})
    add(queue, 7)
    assert [len(batch.lines) for batch in drained(queue)] == [1, 1, 1]


def test_a_line_of_a_mebibyte_is_the_longest() -> None:
    queue = a_queue()
    rest = len(record_text(base=10, cause=0, corr=0, sseq=5, payload='{"x":""}', seq=10,
                           src="feed", topic="md.quote", ts=NOON_NS)) + FRAME_BYTES  # fmt: skip
    with pytest.raises(ContractError, match="a line of 1048577 bytes; the limit is 1048576"):
        add(queue, 5, f'{{"x":"{"y" * (MAX_LINE_BYTES - rest + 1)}"}}')
    assert queue.waiting == 0
    assert add(queue, 5, f'{{"x":"{"y" * (MAX_LINE_BYTES - rest)}"}}') is Outcome.WAITING
    assert drained(queue)[0].size == MAX_LINE_BYTES


def test_a_full_queue_refuses_and_drops_nothing() -> None:
    queue = a_queue(batch_records=2, queue_records=5)
    assert [add(queue, sseq) for sseq in range(5, 10)] == [Outcome.WAITING] * 5
    assert [add(queue, 10), add(queue, 10)] == [Outcome.REFUSED] * 2
    assert queue.next_seq == 15
    batch = queue.take()
    assert batch is not None
    assert add(queue, 10) is Outcome.REFUSED
    queue.doubt(batch)
    queue.settle(batch)
    assert [add(queue, sseq) for sseq in (10, 11, 12)] == [
        Outcome.WAITING, Outcome.WAITING, Outcome.REFUSED,
    ]  # fmt: skip
    assert [heads(batch)[0][0] for batch in drained(queue)] == [12, 14, 16]


def test_a_queue_is_full_of_bytes_as_well() -> None:
    queue = a_queue(batch_bytes=600, queue_bytes=1_000)
    answers = [add(queue, sseq) for sseq in range(5, 12)]
    assert answers == [Outcome.WAITING] * 4 + [Outcome.REFUSED] * 3
    assert sum(batch.size for batch in drained(queue)) <= 1_000
    assert add(queue, 9) is Outcome.WAITING


def test_what_a_source_said_before_is_known() -> None:
    queue = a_queue()
    assert [add(queue, sseq) for sseq in (0, 4)] == [Outcome.STORED] * 2
    assert add(queue, 7) is Outcome.WAITING
    assert [add(queue, sseq) for sseq in (7, 6)] == [Outcome.WAITING] * 2
    assert queue.waiting == 1
    drained(queue)
    assert [add(queue, sseq) for sseq in (7, 6)] == [Outcome.STORED] * 2
    assert queue.last_of_sources() == {"feed": 7}


def test_sources_count_for_themselves() -> None:
    queue = a_queue()
    assert add(queue, 0, src="exchange") is Outcome.WAITING
    assert add(queue, 5) is Outcome.WAITING
    assert queue.last_of_sources() == {"feed": 5, "exchange": 0}


def test_a_refused_source_has_said_nothing() -> None:
    queue = a_queue(queue_records=0)
    assert add(queue, 0, src="exchange") is Outcome.REFUSED
    assert queue.last_of_sources() == {"feed": 4}


def test_after_a_failure_stored_unknown_and_refused_are_told_apart() -> None:
    queue = a_queue(batch_records=1)
    for sseq in (5, 6, 7):
        add(queue, sseq)
    for settled in (True, False):
        batch = queue.take()
        assert batch is not None
        queue.doubt(batch)
        if settled:
            queue.settle(batch)
    queue.shut()
    assert [queue.outcome_of(seq) for seq in (9, 10, 11, 12, 13)] == [
        Outcome.STORED, Outcome.STORED, Outcome.UNKNOWN, Outcome.REFUSED, Outcome.REFUSED,
    ]  # fmt: skip
    # Of a source only the last record's seq is known, so of its others nothing is claimed.
    assert [add(queue, sseq) for sseq in (7, 6, 8)] == [
        Outcome.REFUSED, Outcome.UNKNOWN, Outcome.REFUSED,
    ]  # fmt: skip
    assert add(queue, 0, src="late") is Outcome.REFUSED


def test_before_a_failure_the_future_is_not_claimed() -> None:
    queue = a_queue()
    add(queue, 5)
    assert [queue.outcome_of(seq) for seq in (9, 10, 11)] == [
        Outcome.STORED, Outcome.WAITING, Outcome.REFUSED,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"topic": "a b"}, "^topic 'a b' is not of letters"),
        ({"topic": "system.log"}, "is kept for the log's own records"),
        ({"topic": "system.log.closed"}, "is kept for the log's own records"),
        ({"src": "system.log"}, "is kept for the log's own records"),
        ({"src": ""}, "^source '' is not of letters"),
        ({"ts": True}, "is no int"), ({"ts": 1.0}, "is no int"), ({"sseq": "5"}, "is no int"),
        ({"cause": False}, "is no int"), ({"corr": None}, "is no int"),
        ({"ts": -1}, "a number below 0"), ({"sseq": -1}, "a number below 0"),
        ({"corr": 1 << 63}, "or beyond 63 bits"), ({"cause": -1}, "a number below 0"),
        ({"payload": '{"a":\n1}'}, "or text with a newline"),
        ({"payload": '{"a":"\u00e9"}'}, "not ASCII"),
        ({"payload": {"a": float("nan")}}, "a payload that is no JSON"),
        ({"payload": {"a": object()}}, "a payload that is no JSON"),
        ({"payload": {"a": "\ud800"}}, "lone surrogate"),
        ({"payload": {"a": 10**41}}, "integer of 42 digits"),
    ],
)  # fmt: skip
def test_what_could_not_be_read_back_is_not_taken(changes: dict[str, Any], message: str) -> None:
    queue = a_queue()
    given = {"topic": "a", "ts": NOON_NS, "src": "feed", "sseq": 5, "payload": {}, **changes}
    with pytest.raises(ContractError, match=message):
        queue.append(**given)
    assert (queue.waiting, queue.next_seq) == (0, 10)


def test_a_payload_too_deep_to_spell_is_not_taken() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"d": deep}
    with pytest.raises(ContractError, match="a payload that is no JSON"):
        add(a_queue(), 5, deep)


def test_topics_that_only_look_like_the_logs_own_are_free() -> None:
    assert add(a_queue(), 5, topic="system.logs") is Outcome.WAITING


def test_the_largest_numbers_fit() -> None:
    top = (1 << 63) - 1
    assert add(a_queue(), top, ts=top, corr=top, cause=top) is Outcome.WAITING


def test_an_encoder_of_its_own_is_told_what_to_write() -> None:
    queue = a_queue(batch_records=2)

    def put(sseq: int) -> Outcome:
        text = record_text(base=queue.base, cause=0, corr=0, sseq=sseq, payload=PAYLOAD,
                           seq=queue.next_seq, src="exchange", topic="x", ts=1)  # fmt: skip
        return queue.put(text.encode(), "exchange", sseq)

    assert [put(sseq) for sseq in (1, 2, 2, 3)] == [Outcome.WAITING] * 4
    assert [heads(batch) for batch in drained(queue)] == [[(10, 10), (11, 10)], [(12, 12)]]


def spelled(sseq: int, payload: str = PAYLOAD) -> tuple[str, str]:
    """An entry but for `b` and `q`, as an encoder spells it."""
    before = f'"cause":0,"corr":0,"id":"{sseq}","p":{payload},'
    return before, f'"src":"feed","topic":"md.quote","ts":{NOON_NS},"v":1}}'


@pytest.mark.parametrize("records", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("size", [200, 400, 500, 2000, 10**6])
@pytest.mark.parametrize("room", [10_000, 5])
def test_many_at_once_become_what_they_are_one_by_one(records: int, size: int, room: int) -> None:
    limits = {"batch_records": records, "batch_bytes": size, "queue_records": room}
    one_by_one, at_once = a_queue(**limits), a_queue(**limits)
    texts = ['{"bid":"' + "9" * (number * 37 % 150) + '"}' for number in range(9)]
    taken = [add(one_by_one, 5 + number, text) for number, text in enumerate(texts)]
    fits = taken.count(Outcome.WAITING)
    for first, behind in ((0, 4), (4, 9)):
        entries = [spelled(5 + number, texts[number]) for number in range(first, behind)]
        outcome = at_once.extend(entries, {"feed": 4 + behind})
        expected = Outcome.WAITING if behind <= fits else Outcome.REFUSED
        assert outcome is expected
    assert at_once.waiting == one_by_one.waiting == fits
    assert drained(at_once) == drained(one_by_one)


@pytest.mark.parametrize("text", ['{"a":\n1}', '{"a":1}\n'])
def test_a_record_with_a_newline_is_our_own_bug(text: str) -> None:
    queue = a_queue()
    add(queue, 5)
    before, after = spelled(6, text)
    with pytest.raises(InvariantBroken, match="a record holds a newline"):
        queue.put(f'{{"b":{queue.base},{before}"q":{queue.next_seq},{after}'.encode(), "feed", 6)
    with pytest.raises(InvariantBroken, match="a record holds a newline"):
        queue.extend([spelled(6), (before, after)], {"feed": 7})
    assert queue.waiting == 1 and queue.last_of_sources() == {"feed": 5}
    assert add(queue, 6) is Outcome.WAITING
    assert [heads(batch) for batch in drained(queue)] == [[(10, 10), (11, 10)]]


def test_an_encoder_that_repeats_itself_is_our_own_bug() -> None:
    queue = a_queue()
    with pytest.raises(InvariantBroken, match="feed has sent its number 4 before"):
        queue.extend([spelled(4)], {"feed": 4})
    assert queue.waiting == 0


def test_a_record_of_the_log_itself_waits_behind_what_was_taken_before() -> None:
    queue = a_queue(queue_records=1)
    add(queue, 5)
    queue.put_own(b"own")
    queue.put_own(b"own")
    batches = drained(queue)
    assert [(batch.base, len(batch.lines)) for batch in batches] == [(10, 1), (11, 1), (12, 1)]
    first = batches[0].head
    block, head = frame_lines(first, [b"own", b"own"])
    assert batches[1].lines + batches[2].lines == block.splitlines(keepends=True)
    assert batches[2].head == head
    assert (queue.next_seq, queue.base) == (13, 13)
