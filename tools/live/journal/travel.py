"""Time travel: to any entry of a run, by its seq, by the time, or by an order, and step by step.

A place is found by bisection over segments and their indexes, so it takes as long in a short log
as in a long one; how far the fold has to go from there depends on the nearest checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ..core.clock import parse_utc
from ..core.contracts_v1 import Approved, Executed, Fill, OrderCanceled, OrderRejected
from ..core.errors import ContractError
from ..core.money import to_e9
from ..core.record import record
from .disk import Disk
from .folding import LOOP, Replay, Told, is_entry, told_by
from .index import find_place
from .reader import Reader, Record
from .replay import Restore, find_run, rebuild
from .segments import Segment, list_segments
from .state_view import changes, state_view

FIELD = "--until"
_MANY = 1 << 62
_WINDOW = 64

_is_seq = re.compile(r"[1-9][0-9]{0,17}", re.ASCII).fullmatch
_is_order = re.compile(r"CLI[0-9]{8,18}", re.ASCII).fullmatch
_ENDS = (OrderCanceled.kind, OrderRejected.kind)
_CAUSES = 64  # a longer chain is cut; the input that began it is named by `corr`


@record
class Step:
    """One input: what it said, what was decided because of it, and what it changed."""

    told: Told
    decided: tuple[Told, ...]
    changed: dict[str, tuple[Any, Any]]


def resolve(disk: Disk, text: str) -> int:
    """The seq that is meant by a seq, a time such as 2025-01-01T00:00:10Z, or an order's id.

    A time means the last entry that was there by then, an order the event that ended it, or the
    last that names it when it has not ended.
    """
    find_run(disk)
    if _is_seq(text):
        return int(text)
    if _is_order(text):
        return _end_of_order(disk, text)
    if not text[:1].isdigit() or "-" not in text:
        raise ContractError(
            f"{FIELD} {text[:60]!r} is no seq, time or order; write 120,"
            " 2025-01-01T00:00:10Z or CLI00000007"
        )
    time_ns = parse_utc(text, FIELD)
    # The times of inputs never go back; those of outputs are of the inputs they answer.
    later = locate(disk, lambda one: one.ts <= time_ns, among=_is_input)
    seq = _end(disk) if later is None else later.sseq - 1
    if not seq:
        raise ContractError(f"{FIELD} {text!r} is before the first event of the run; name a later")
    return seq


def locate(
    disk: Disk, before: Callable[[Record], bool], *, among: Callable[[Record], bool] = is_entry
) -> Record | None:
    """The first entry for which `before` is false; it is true of all those before it.

    `among` says which entries count; None when there is no such entry.
    """

    def is_before(begin: int, end: int) -> bool:
        """Of the first that counts from there on; what is at `end` is known already."""
        for one in _entries(disk, begin):
            if one.seq >= end:
                return False
            if among(one):
                return before(one)
        return False

    segments = list_segments(disk)
    if not segments:
        return None
    low, high = 0, len(segments)
    while low + 1 < high:
        middle = (low + high) // 2
        end = segments[high].first_seq if high < len(segments) else _MANY
        is_behind = is_before(segments[middle].first_seq, end)
        low, high = (middle, high) if is_behind else (low, middle)
    begin = _bisect(disk, segments[low : low + 2], is_before)
    wanted = (one for one in _entries(disk, begin) if among(one))
    return next((one for one in wanted if not before(one)), None)


def _is_input(one: Record) -> bool:
    return one.src != LOOP


def entry_at(disk: Disk, seq: int) -> Told:
    """The entry with this seq of the line."""
    found = locate(disk, lambda one: one.sseq < seq)
    if found is None or found.sseq != seq:
        raise ContractError(f"seq {seq} is not in the line; it ends at {_end(disk)}")
    return told_by(found)


def causes_of(disk: Disk, seq: int) -> tuple[Told, ...]:
    """The entry with this seq, what led to it, and so on back to the input that began it all, or
    to what is dropped."""
    chain: list[Told] = []
    first = _first(disk)
    while seq >= first and seq and len(chain) < _CAUSES:
        chain.append(entry_at(disk, seq))
        seq = chain[-1].cause
    return tuple(chain)


def last_inputs(disk: Disk, seq: int, count: int) -> list[int]:
    """The seqs of the last inputs up to this seq, oldest first; fewer when there are fewer."""
    found = locate(disk, lambda one: one.sseq < seq)
    if found is None:
        raise ContractError(f"seq {seq} is behind the end of the line, which is {_end(disk)}")
    if found.sseq > seq:
        raise ContractError(f"seq {seq} is dropped; what is left of the line begins with"
                            f" seq {found.sseq}")  # fmt: skip
    first = list_segments(disk)[0].first_seq
    window = 4 * count + _WINDOW
    while True:
        begin = max(first, found.seq - window)
        inputs: list[int] = []
        for one in _entries(disk, begin):
            if one.sseq > seq:
                break
            if one.src != LOOP:
                inputs.append(one.sseq)
        if len(inputs) >= count or begin == first:
            return inputs[-count:]
        window *= 4


def _first(disk: Disk) -> int:
    """The seq of the first entry that is left."""
    found = next(_entries(disk, list_segments(disk)[0].first_seq), None)
    return 1 if found is None else found.sseq


def one_back(disk: Disk, seq: int) -> int:
    """The seq to go to for the state before the last input up to this seq; 0 is the beginning."""
    return last_inputs(disk, seq, 1)[0] - 1


def last_steps(
    disk: Disk, until: int, count: int, restore: Restore | None = None
) -> tuple[Replay, list[Step]]:
    """The last steps up to a seq, each with what it changed, and the state behind them."""
    inputs = last_inputs(disk, until, count)
    replay = rebuild(disk, until=inputs[0] - 1, restore=restore)
    before = state_view(replay.fold)
    steps: list[Step] = []
    said: list[Told] = []
    for one in _entries(disk, max(replay.journal_seq + 1, 0)):
        told = told_by(one)
        if told.seq > until:
            break
        if told.src != LOOP and said:
            after = state_view(replay.fold)
            steps.append(Step(said[0], tuple(said[1:]), changes(before, after)))
            before, said = after, []
        replay.take(told)
        replay.journal_seq, replay.head = one.seq, one.hash
        said.append(told)
    steps.append(Step(said[0], tuple(said[1:]), changes(before, state_view(replay.fold))))
    return replay, steps


def _entries(disk: Disk, begin: int) -> Iterator[Record]:
    return (one for one in Reader(disk, from_seq=begin).poll() if is_entry(one))


def _bisect(disk: Disk, segments: list[Segment], is_before: Callable[[int, int], bool]) -> int:
    """A place in the first of these segments, not far before what is looked for.

    Where the segment has no index yet, it is its beginning.
    """
    segment = segments[0]
    last = find_place(disk, segment, segments[1].first_seq - 1 if segments[1:] else _MANY)
    low, high = segment.first_seq, segment.first_seq + 1 if last is None else last.seq + 1
    while low + _WINDOW < high:
        middle = (low + high) // 2
        low, high = (middle, high) if is_before(middle, high) else (low, middle)
    return low


def _end(disk: Disk) -> int:
    """The last seq of the line."""
    segments = list_segments(disk)
    for segment in reversed(segments):
        place = find_place(disk, segment, _MANY)
        begin = segment.first_seq if place is None else max(place.seq - _WINDOW, segment.first_seq)
        last = 0
        for one in _entries(disk, begin):
            last = one.sseq
        if last:
            return last
    return 0


def _end_of_order(disk: Disk, client_order_id: str) -> int:
    """The event that ended an order, or the last that names it by our id or the exchange's.

    Our numbers grow, so where it was placed is found by bisection. Of one that was placed in what
    is dropped only the later events are left, wherever they are.
    """
    number = _number(client_order_id)
    placed = locate(disk, lambda one: _number_of(one) < number, among=_is_placing)
    begin, left = list_segments(disk)[0].first_seq, None
    if placed is not None and _number_of(placed) == number:
        begin, left = placed.seq, to_e9(placed.payload()["qty"], "qty")
    last, names = 0, {"client_order_id": client_order_id, "order_id": None}
    needles = [f'"{client_order_id}"'.encode()]
    for one in _entries(disk, begin):
        if not any(needle in one.raw for needle in needles):
            continue
        told = one.payload()
        if not any(name is not None and told.get(key) == name for key, name in names.items()):
            continue
        last = one.sseq
        if names["order_id"] is None and told.get("order_id") is not None:
            names["order_id"] = told["order_id"]
            needles.append(f'"{told["order_id"]}"'.encode())
        if one.topic in (Fill.kind, Executed.kind) and left is not None:
            left -= to_e9(told["qty"], "qty")
        if one.topic in _ENDS or left == 0:
            break
    if not last:
        where = "this run" if _first(disk) == 1 else "what is left of this run"
        raise ContractError(f"{FIELD} {client_order_id} is no order of {where}; see its line")
    return last


def _is_placing(one: Record) -> bool:
    return one.topic == Approved.kind


def _number_of(placing: Record) -> int:
    return _number(str(placing.payload()["client_order_id"]))


def _number(client_order_id: str) -> int:
    return int(client_order_id.removeprefix("CLI"))
