"""Many records at once are queued as one after the other are: same lines, batches and answers."""

from __future__ import annotations

import pytest

from tests.unit import prop
from tools.live.core.errors import ContractError, InvariantBroken
from tools.live.journal.outcome import Limits, Outcome
from tools.live.journal.queue import Queue

SOURCES = ("feed", "loop")


def a_queue(limits: Limits) -> Queue:
    return Queue(7, b"h" * 32, {}, limits)


def parts(sseq: int, size: int = 3) -> tuple[str, str]:
    before = f'"cause":0,"corr":0,"id":"{sseq}","p":{{"x":"{"y" * size}"}},'
    return before, '"src":"feed","topic":"md.quote","ts":5,"v":1}'


def one_by_one(queue: Queue, entries: list[tuple[str, str]], sources: list[str]) -> Outcome:
    outcome = Outcome.WAITING
    for sseq, ((before, after), src) in enumerate(zip(entries, sources, strict=True), 1):
        record = f'{{"b":{queue.base},{before}"q":{queue.next_seq},{after}'.encode()
        outcome = queue.put(record, src, sseq)
        if outcome is not Outcome.WAITING:
            break
    return outcome


@pytest.mark.parametrize("seed", range(30))
def test_the_lines_the_batches_and_the_answer_are_the_same(seed: int) -> None:
    rng = prop.chance(seed)
    limits = Limits(
        batch_records=rng.randint(1, 9), batch_bytes=rng.randint(400, 3000),
        queue_records=rng.randint(5, 60), queue_bytes=rng.randint(2000, 40_000),
    )  # fmt: skip
    count = rng.randint(1, 50)
    entries = [parts(sseq, rng.randint(0, 200)) for sseq in range(1, count + 1)]
    sources = [rng.choice(SOURCES) for _ in entries]
    last = {src: 1 + max(n for n, one in enumerate(sources) if one == src)
            for src in SOURCES if src in sources}  # fmt: skip
    slow, fast = a_queue(limits), a_queue(limits)
    outcome = one_by_one(slow, entries, sources)
    assert fast.extend(entries, last) is outcome
    assert fast.next_seq == slow.next_seq
    while (batch := slow.take()) is not None:
        assert fast.take() == batch
    assert fast.take() is None
    if outcome is Outcome.WAITING:
        assert fast.last_of_sources() == slow.last_of_sources() == last


def test_what_was_sent_before_is_a_fault_of_ours() -> None:
    queue = a_queue(Limits())
    queue.extend([parts(1)], {"feed": 1})
    with pytest.raises(InvariantBroken, match="feed has sent its number 1 before"):
        queue.extend([parts(1)], {"feed": 1})
    assert queue.next_seq == 8


def test_a_queue_that_is_shut_takes_none() -> None:
    queue = a_queue(Limits())
    queue.shut()
    assert queue.extend([parts(1)], {"feed": 1}) is Outcome.REFUSED
    assert (queue.next_seq, queue.last_of_sources()) == (7, {})


def test_a_line_that_is_too_long_is_refused_and_what_was_before_it_stays() -> None:
    queue = a_queue(Limits())
    with pytest.raises(ContractError, match="the limit is 1048576"):
        queue.extend([parts(1), parts(2, 1 << 20)], {"feed": 2})
    assert queue.next_seq == 8


def test_a_source_must_have_a_name() -> None:
    with pytest.raises(ContractError, match="source 'a b' is not of letters"):
        a_queue(Limits()).extend([parts(1)], {"a b": 1})
