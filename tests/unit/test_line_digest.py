"""A digest of the line that can be gone on with: `tools.live.journal.line_digest`."""

from __future__ import annotations

from hashlib import sha256

import pytest

from tests.unit.prop import chance
from tools.live.journal.line_digest import BLOCK, Closed, LineDigest


def texts(count: int) -> list[bytes]:
    return [b'{"n":%d}' % number for number in range(count)]


def by_hand(entries: list[bytes], log_id: bytes = b"desk-1") -> str:
    """The same, spelled out: block after block, the last one as far as it goes."""
    digest = sha256(b"line-v2\0" + log_id + b"\0").digest()
    for begin in range(0, len(entries), 1024):
        digest = sha256(digest + b"".join(entries[begin : begin + 1024])).digest()
    return digest.hex()


def parts(entries: list[bytes]) -> list[tuple[str, ...]]:
    """Every entry in two pieces, one of which is empty now and then."""
    return [(one.decode()[: place % 7], one.decode()[place % 7 :])
            for place, one in enumerate(entries)]  # fmt: skip


def digest_of(entries: list[bytes], log_id: str = "desk-1") -> LineDigest:
    digest = LineDigest(log_id)
    digest.extend(parts(entries))
    return digest


@pytest.mark.parametrize("count", [0, 1, 2, 1023, 1024, 1025, 2047, 2048, 3000])
def test_the_digest_is_that_of_its_blocks(count: int) -> None:
    digest = digest_of(texts(count))
    assert digest.hexdigest() == by_hand(texts(count))
    assert digest.hexdigest() == by_hand(texts(count)), "and asking changes nothing"
    assert digest.entries == count


def test_every_entry_its_order_and_the_log_count() -> None:
    entries = texts(2100)
    other = [*entries]
    other[5], other[6] = other[6], other[5]
    heads = [by_hand(entries), by_hand(other), by_hand(entries, b"desk-2")]
    found = [digest_of(entries), digest_of(other), digest_of(entries, "desk-2")]
    assert [one.hexdigest() for one in found] == heads
    assert len({*heads, digest_of(entries[:-1]).hexdigest()}) == 4


@pytest.mark.parametrize("seed", range(8))
def test_how_many_come_at_once_changes_nothing(seed: int) -> None:
    rng, entries = chance(seed), texts(5000)
    digest, place = LineDigest("desk-1"), 0
    while place < len(entries):
        step = rng.choice((0, 1, 7, 256, 1023, 1024, 1025, 2500))
        digest.extend(parts(entries[place : place + step]))
        place = min(place + step, len(entries))
        assert digest.hexdigest() == by_hand(entries[:place])
        assert digest.entries == place


@pytest.mark.parametrize("count", [0, 1, 1023, 1024, 1025, 2048, 4000])
def test_it_goes_on_from_its_last_closed_block(count: int) -> None:
    entries = texts(6000)
    closed = digest_of(entries[:count]).closed
    assert closed.entries == count - count % BLOCK
    assert closed == Closed(closed.entries, by_hand(entries[: closed.entries]))
    other = LineDigest("desk-1")
    other.resume(closed)
    assert (other.entries, other.closed) == (closed.entries, closed)
    assert other.hexdigest() == closed.digest
    other.extend(parts(entries[closed.entries :]))
    assert other.hexdigest() == by_hand(entries)


def test_a_block_that_was_begun_is_forgotten_when_it_goes_on_from_another() -> None:
    digest = digest_of(texts(1500))
    digest.resume(Closed(1024, by_hand(texts(1024))))
    digest.extend(parts(texts(1500)[1024:]))
    assert digest.hexdigest() == by_hand(texts(1500))
