"""The usual lines of a run, folded without building anything in between.

For each kind that a run is full of there is one regular expression over the whole line, made from
the contract, and one function that calls the fold's verb with what it found. A line that does not
match is not wrong, only unusual, and takes the careful way through `codec.from_envelope`; a
property test holds the two ways against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from operator import itemgetter
from typing import Any, TypeAlias

from ..core.codec import key_of
from ..core.contracts_v1 import OUTPUTS, Input, Output
from ..core.errors import ContractError
from ..core.line import source_of
from ..core.money import to_e18
from ..core.record import declared_types, fields_of
from ..fold import Fold
from .direct_calls import SIDES, VERBS, Numbers
from .disk import Disk
from .folding import Replay, ReplayFailed, Told
from .frame import (
    MAX_LINE_BYTES, RECORD_START, SECOND_HALF_START, VERSION, first_half, genesis, second_half,
)  # fmt: skip
from .guard import disk_errors
from .index import find_place
from .line_digest import Parts
from .scan import own_id
from .segments import PackDamaged, Segment, list_segments, read_blocks
from .strict import parse_payload

# The groups of a line: hash, base, id, what the payload holds by its sorted keys, seq, time.
Groups: TypeAlias = tuple[str, ...]
Call: TypeAlias = Callable[[Groups], None]
Usual: TypeAlias = tuple[Callable[[str], re.Match[str] | None], Call | None]

_NEVER = 1 << 63
_AT_ONCE = 512  # more would not stay in the processor's cache
_MOST_KEPT = 1 << 16
# A kind is told from the same characters of every line: those before the time, if that has the
# nineteen digits of this century.
_KIND = slice(-60, -34)

_NUMBER = "(?:0|[1-9][0-9]{0,18}+)"
_TEXT = '"([^"\\\\\x00-\x1f]{0,256}+)"'
_DECIMAL = r'"(-?[0-9]{1,15}+(?:\.[0-9]{1,9}+)?+)"'
_AMOUNT = r'"(-?[0-9]{1,15}+(?:\.[0-9]{1,18}+)?+)"'
_SIDE = '"(Buy|Sell)"'
_UNREAD = r"\{[^{}\\]{0,4096}+\}"  # what a replay derives again is not taken from the record
_LINE = (
    r'\{{"h":"(.{{64}})","r":\{{"b":({number}),"cause":{number},"corr":{number}'
    r',"id":"({number})","p":{payload},"q":({number}),{behind}({number}),"v":{version}\}}\}}'
)
_BEHIND = '"src":"{source}","topic":"{topic}","ts":'
_SECOND_HALF = SECOND_HALF_START.decode()
_CALL = """
def call(groups):
    _, _, _, {groups}, _, ts_ns = groups
    verb({arguments})
"""


class _Times(dict[str, int]):
    """Nanoseconds by their digits: an answer often has the time of its question."""

    def __missing__(self, digits: str) -> int:
        if len(self) >= _MOST_KEPT:
            self.clear()
        found = self[digits] = int(digits)
        return found


def _is_unusual(_: str) -> None:
    """For lines of a kind that no expression is known for."""


_UNUSUAL: Usual = _is_unusual, None
_HASH, _BASE, _ID, _SEQ = itemgetter(0), itemgetter(1), itemgetter(2), itemgetter(-2)
_NO_GROUPS: Groups = ()


class FastFold:
    """Takes a replay forward through the log for as long as its lines can be proven and folded.

    It never judges: where a line is not as it must be, or a file is not, it stops before it, and
    the reader that goes on from there says what that means.
    """

    def __init__(self, replay: Replay, until: int | None) -> None:
        self._replay = replay
        self._until = _NEVER if until is None else until
        self._usual = usual_lines(replay.fold)

    def run(self, disk: Disk) -> None:
        """As far as it goes."""
        replay = self._replay
        with disk_errors("the log cannot be read"):
            segments = list_segments(disk)
            wanted = replay.journal_seq + 1
            before = max(wanted - 1, 0)
            if not wanted:
                replay.head = genesis(own_id(disk, segments, ""))
            holding = [one for one in segments if one.first_seq <= before]
            if not holding:
                return
            place = find_place(disk, holding[-1], before)
            offset, first = (0, holding[-1].first_seq) if place is None else (place[2], place[0])
            skipped = wanted - first
            try:
                for segment in segments[len(holding) - 1 :]:
                    gap = not skipped and segment.first_seq != replay.journal_seq + 1 and not offset
                    if gap or not self._read_segment(disk, segment, offset, skipped):
                        return
                    offset = skipped = 0
            except (PackDamaged, FileNotFoundError):
                return

    def _read_segment(self, disk: Disk, segment: Segment, offset: int, skipped: int) -> bool:
        """Fold a segment behind the lines that are known; False when it is not to its end."""
        rest = b""
        for block in read_blocks(disk, segment, offset):
            whole, newline, last = block.rpartition(b"\n")
            whole, rest = (rest + whole, last) if newline else (b"", rest + last)
            try:
                lines = whole.decode("ascii").split("\n") if newline else []
            except UnicodeDecodeError:
                return False
            if skipped:
                known, lines = lines[:skipped], lines[skipped:]
                skipped -= len(known)
                if not skipped and known[-1][6:70] != self._replay.head.hex():
                    return False
            if not self._fold(lines) or len(rest) >= MAX_LINE_BYTES:
                return False
        return not rest and not skipped

    def _fold(self, lines: list[str]) -> bool:
        """Fold whole lines; False at the first that somebody else must judge, or at the end."""
        place = self._fold_usual(lines, 0)
        while place < len(lines):
            if self._replay.seq >= self._until or not self._fold_unusual(lines[place].encode()):
                return False
            place = self._fold_usual(lines, place + 1)
        return True

    def _fold_usual(self, lines: list[str], begin: int) -> int:
        """Fold lines from a place on; returns the place of the first that is not usual."""
        replay = self._replay
        if replay.reported is not None:
            return begin
        end = min(len(lines), begin + min(self._until, replay.next_change - 1) - replay.seq)
        while begin < end:
            behind = min(begin + _AT_ONCE, end)
            begin += self._fold_some(lines[begin:behind])
            if begin < behind:
                break
        return begin

    def _fold_some(self, lines: list[str]) -> int:
        """Fold lines up to the first that is not usual or cannot be proven; says how many.

        Each step is done for all of them: that costs an eighth less than all steps for each.
        """
        replay, usual = self._replay, self._usual.get
        kinds = [usual(line[_KIND], _UNUSUAL) for line in lines]
        matches = [kind[0](line) for kind, line in zip(kinds, lines)]
        end = matches.index(None) if None in matches else len(matches)
        said: list[Groups] = [match.groups() for match in matches[:end] if match is not None]
        head = replay.head
        heads = [
            head := sha256(head + line[RECORD_START:-1].encode()).digest() for line in lines[:end]
        ]
        proven = self._proven(said, heads)
        folded, groups = 0, _NO_GROUPS
        try:
            for groups, kind in zip(said[:proven], kinds):
                if kind[1] is not None:
                    kind[1](groups)
            folded = proven
        except ContractError as error:
            folded = next(place for place, one in enumerate(said) if one is groups)
            at = replay.seq + folded + 1
            raise ReplayFailed(f"seq {at} of the line does not fold: {error}") from None
        finally:
            if folded:
                replay.head = heads[folded - 1]
                replay.journal_seq += folded
                replay.seq += folded
                if replay.line_digest is not None:
                    replay.line_digest.extend([_entry_parts(line) for line in lines[:folded]])
        return folded

    def _proven(self, said: list[Groups], heads: list[bytes]) -> int:
        """How many lines follow each other by their hashes, numbers and batch bases."""
        first_id, first, size = self._replay.seq + 1, self._replay.journal_seq + 1, len(said)
        hashes, bases = list(map(_HASH, said)), list(map(_BASE, said))
        ends = [
            _agree(list(map(_ID, said)), list(map(str, range(first_id, first_id + size)))),
            _agree(list(map(_SEQ, said)), list(map(str, range(first, first + size)))),
        ]
        if "".join(hashes) != b"".join(heads).hex():
            ends.append(_agree(hashes, [head.hex() for head in heads]))
        for base in dict.fromkeys(bases):
            place = bases.index(base)
            if int(base) > first + place:
                ends.append(place)
        return min(ends)

    def _fold_unusual(self, line: bytes) -> bool:
        """Fold one line the careful way; False when it is not the next intact line."""
        replay = self._replay
        number = replay.journal_seq + 1
        digest = sha256(replay.head + line[RECORD_START:-1]).digest()
        told = _told(line, number)
        if told is None or line[6:70] != digest.hex().encode():
            return False
        before = replay.seq
        replay.take(told)
        if replay.line_digest is not None and replay.seq > before:
            replay.line_digest.extend((_entry_parts(line.decode()),))
        replay.head, replay.journal_seq = digest, number
        return True


def usual_lines(fold: Fold) -> dict[str, Usual]:
    """By kind: the expression that a usual line matches, and what feeds its groups to the fold."""
    amounts = Numbers(to_e18)
    scope = {"numbers": Numbers(), "amounts": amounts, "times": _Times(), "sides": SIDES}
    table: dict[str, Usual] = {}
    for contract, verb in VERBS.items():
        names = sorted((name for name in fields_of(contract) if name != "ts_ns"), key=key_of)
        types = declared_types(contract)
        spelled = ",".join(f'"{key_of(name)}":{_pattern(name, types[name])}' for name in names)
        arguments = [_argument(name, types[name]) for name in fields_of(contract)]
        code = _CALL.format(groups=", ".join(names), arguments=", ".join(arguments))
        made: dict[str, Any] = {**scope, "verb": getattr(fold, verb)}
        exec(code, made)
        _enter(table, contract, rf"\{{{spelled}\}}", made["call"])
    for output in OUTPUTS:
        _enter(table, output, _UNREAD, None)
    return table


def _agree(told: list[str], right: list[str]) -> int:
    """How many of these are the same from the first on."""
    if told == right:
        return len(told)
    return next(place for place, (one, other) in enumerate(zip(told, right)) if one != other)


def _enter(
    table: dict[str, Usual],
    contract: type[Input] | type[Output],
    payload: str,
    call: Call | None,
) -> None:
    behind = _BEHIND.format(source=source_of(contract), topic=contract.kind)
    pattern = _LINE.format(
        number=_NUMBER, payload=payload, behind=re.escape(behind), version=VERSION
    )
    line = behind + '1735689600000000000,"v":1}}'
    table[line[_KIND]] = re.compile(pattern, re.ASCII).fullmatch, call


def _pattern(name: str, declared: str) -> str:
    """What one value of a payload looks like, by the type that its contract declares."""
    plain = declared.removesuffix(" | None")
    number = _AMOUNT if name.endswith("_e18") else _DECIMAL
    found = {"int": number, "str": _TEXT, "Side": _SIDE}[plain]
    return found if plain == declared else f"(?:{found}|null)"


def _argument(name: str, declared: str) -> str:
    """The expression that makes an argument of the verb from the group of this name."""
    if name == "ts_ns":
        return "times[ts_ns]"
    number = f"amounts[{name}]" if name.endswith("_e18") else f"numbers[{name}]"
    made = {"int": number, "str": name, "Side": f"sides[{name}]"}
    if declared == "int | None":
        return f"None if {name} is None else {number}"
    return made[declared.removesuffix(" | None")]  # no group is None, which is what null means


def _told(line: bytes, number: int) -> Told | None:
    """What a line with this seq says; None when it has not the form of one."""
    first = first_half(line)
    second = second_half(line, line.rfind(SECOND_HALF_START))
    if first is None or second is None or len(line) >= MAX_LINE_BYTES:
        return None
    if int(second[1]) != number or int(first[1]) > number:
        return None
    _, cause, corr, sseq = first.groups()
    _, src, topic, ts = second.groups()
    try:
        payload = parse_payload(line[first.end() : second.start()], f"the payload of seq {number}")
    except ContractError:
        return None
    return Told(src.decode(), topic.decode(), int(sseq), int(ts), int(corr), int(cause), payload)


def _entry_parts(line: str) -> Parts:
    """An entry's record without the numbers that the log gave it."""
    begin = line.index(",", RECORD_START) + 1
    end = line.rindex(_SECOND_HALF) + 1
    return line[begin:end], line[line.index(",", end) + 1 : -1]
