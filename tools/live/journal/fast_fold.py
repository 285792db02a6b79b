"""The usual lines of a run, folded without building anything in between.

For each kind that a run is full of there is one regular expression over the whole line, made from
the contract, and one function that calls the fold's verb with what it found. A line that does not
match is not wrong, only unusual, and takes the careful way through `codec.from_envelope`; a
property test holds the two ways against each other.
"""

from __future__ import annotations

import re
from binascii import hexlify
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

from ..core.codec import key_of
from ..core.contracts_v1 import OUTPUTS, Input, Output
from ..core.errors import ContractError
from ..core.line import source_of
from ..core.record import declared_types, fields_of
from ..fold import Fold
from .direct_calls import SIDES, VERBS
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
Groups: TypeAlias = tuple[bytes, ...]
Call: TypeAlias = Callable[[Groups], None]
Usual: TypeAlias = tuple[Callable[[bytes], re.Match[bytes] | None], Call | None]

_NEVER = 1 << 63
_AT_ONCE = 512  # more would not stay in the processor's cache
_BYTES_AT_ONCE = 64 * 1024  # nor would more than these
_MOST_KEPT = 1 << 16
# A kind is told from the same bytes of every line: those before the time, if that has the nineteen
# digits of this century. Whoever knows the kind has compared them.
_KIND = slice(-60, -27)
_KNOWN = 60 - 27
_RECORD = slice(RECORD_START, -1)

_NUMBER = "(?:0|[1-9][0-9]{0,18}+)"
_ABOVE_ZERO = "[1-9][0-9]{0,18}+"
_DIGITS = "[0-9]{1,19}+"  # of a number that is compared with how it must be spelled
_TEXT = r'"([ !#-\[\]-~]{0,256}+)"'
_DECIMAL = r'"(-?[0-9]{1,15}+(?:\.[0-9]{1,9}+)?+)"'
_AMOUNT = r'"(-?[0-9]{1,15}+(?:\.[0-9]{1,18}+)?+)"'
_SIDE = '"(Buy|Sell)"'
_UNREAD = r"\{[ -\[\]-z|~]{0,4096}+\}"  # what a replay derives again is not taken from the record
_LINE = (
    r'\{{"h":"(.{{64}})","r":\{{"b":({digits}),"cause":{number},"corr":{above_zero}'
    r',"id":"({digits})","p":{payload},"q":({digits}),{behind}.{{{known}}}([1-9][0-9]{{18}})'
    r',"v":{version}\}}\}}'
)
_BEHIND = '"src":"{source}","topic":"{topic}","ts":'
_SECOND_HALF = SECOND_HALF_START.decode()
_CALL = """
def call(groups):
    verb({arguments})
"""
_PAYLOAD = 3  # the place of its first group
_FEW = frozenset({"liquidity", "reason", "symbol", "why"})  # texts that come again and again


class Exact(dict[bytes, int]):
    """Scaled integers by their digits, which have no more decimals than the scale."""

    def __init__(self, decimals: int) -> None:
        self._decimals = decimals

    def __missing__(self, digits: bytes) -> int:
        if len(self) >= _MOST_KEPT:
            self.clear()
        whole, _, fraction = digits.partition(b".")
        found = self[digits] = int(whole + fraction.ljust(self._decimals, b"0"))
        return found


class _Texts(dict[bytes, str]):
    """Texts by their bytes, so that one that comes again is one object."""

    def __missing__(self, spelled: bytes) -> str:
        if len(self) >= _MOST_KEPT:
            self.clear()
        found = self[spelled] = spelled.decode("ascii")
        return found


def _is_unusual(_: bytes) -> None:
    """For lines of a kind that no expression is known for."""


class _Kinds(dict[bytes, Usual]):
    """What is known of a kind by the bytes that tell it; of any other, that it is unusual."""

    def __missing__(self, _: bytes) -> Usual:
        return _is_unusual, None


_HASH, _BASE, _ID, _SEQ = itemgetter(0), itemgetter(1), itemgetter(2), itemgetter(-2)
_KIND_OF = itemgetter(_KIND)
_NO_GROUPS: Groups = ()
_LAST_DIGITS = [b"%03d" % number for number in range(1000)]


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
            for begin in range(0, len(block), _BYTES_AT_ONCE):
                lines = (rest + block[begin : begin + _BYTES_AT_ONCE]).split(b"\n")
                rest = lines.pop()
                if skipped and lines:
                    known, lines = lines[:skipped], lines[skipped:]
                    skipped -= len(known)
                    if not skipped and known[-1][6:70] != hexlify(self._replay.head):
                        return False
                if not self._fold(lines) or len(rest) >= MAX_LINE_BYTES:
                    return False
        return not rest and not skipped

    def _fold(self, lines: list[bytes]) -> bool:
        """Fold whole lines; False at the first that somebody else must judge, or at the end."""
        place = self._fold_usual(lines, 0)
        while place < len(lines):
            if self._replay.seq >= self._until or not self._fold_unusual(lines[place]):
                return False
            place = self._fold_usual(lines, place + 1)
        return True

    def _fold_usual(self, lines: list[bytes], begin: int) -> int:
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

    def _fold_some(self, lines: list[bytes]) -> int:
        """Fold lines up to the first that is not usual or cannot be proven; says how many.

        Each step is done for all of them: that costs an eighth less than all steps for each.
        """
        replay = self._replay
        kinds = list(map(self._usual.__getitem__, map(_KIND_OF, lines)))
        matches = [kind[0](line) for kind, line in zip(kinds, lines)]
        end = matches.index(None) if None in matches else len(matches)
        said: list[Groups] = [match.groups() for match in matches[:end] if match is not None]
        head = replay.head
        heads = [
            head := sha256(head + line[_RECORD]).digest() for line in lines[:end]
        ]
        proven = self._proven(said, heads)
        folded, groups = 0, _NO_GROUPS
        try:
            for groups, (_, call) in zip(said[:proven], kinds):
                if call is not None:
                    call(groups)
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
        if not said:
            return 0
        first_id, first, size = self._replay.seq + 1, self._replay.journal_seq + 1, len(said)
        hashes, bases = list(map(_HASH, said)), list(map(_BASE, said))
        ids, seqs = list(map(_ID, said)), list(map(_SEQ, said))
        ends = [size]
        if b",".join(ids) != counted(first_id, size):
            ends.append(_agree(ids, range(first_id, first_id + size)))
        if b",".join(seqs) != counted(first, size):
            ends.append(_agree(seqs, range(first, first + size)))
        if b"".join(hashes) != hexlify(b"".join(heads)):
            ends.append(next(n for n in range(size) if hashes[n] != hexlify(heads[n])))
        for base, _ in groupby(bases):
            place, number = bases.index(base), int(base)
            if number > first + place or base != b"%d" % number:
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
            replay.line_digest.extend((_entry_parts(line),))
        replay.head, replay.journal_seq = digest, number
        return True


def usual_lines(fold: Fold) -> dict[bytes, Usual]:
    """By kind: the expression that a usual line matches, and what feeds its groups to the fold."""
    sides = {name.encode(): side for name, side in SIDES.items()}
    scope = {"numbers": Exact(9), "amounts": Exact(18), "texts": _Texts(), "sides": sides}
    table = _Kinds()
    for contract, verb in VERBS.items():
        names = sorted((name for name in fields_of(contract) if name != "ts_ns"), key=key_of)
        types = declared_types(contract)
        spelled = ",".join(f'"{key_of(name)}":{_pattern(name, types[name])}' for name in names)
        said = {name: f"groups[{place}]" for place, name in enumerate(names, _PAYLOAD)}
        said["ts_ns"] = f"groups[{_PAYLOAD + len(names) + 1}]"
        arguments = [_argument(name, types[name], said[name]) for name in fields_of(contract)]
        code = _CALL.format(arguments=", ".join(arguments))
        made: dict[str, Any] = {}  # apart from the scope, or the function would hold itself
        exec(code, {**scope, "verb": getattr(fold, verb)}, made)
        _enter(table, contract, rf"\{{{spelled}\}}", made["call"])
    for output in OUTPUTS:
        _enter(table, output, _UNREAD, None)
    return table


def counted(first: int, size: int) -> bytes:
    """So many numbers from the first on, parted by commas."""
    parts = []
    while size > 0:
        thousands, place = divmod(first, 1000)
        if thousands:
            lead = b"%d" % thousands
            last = _LAST_DIGITS[place : place + size]
            parts.append(lead + (b"," + lead).join(last))
            first, size = first + len(last), size - len(last)
        else:
            parts.append(b"%d" % first)
            first, size = first + 1, size - 1
    return b",".join(parts)


def _agree(told: Sequence[bytes], right: Sequence[int]) -> int:
    """How many of these are the same from the first on."""
    pairs = enumerate(zip(told, right))
    return next((place for place, (one, other) in pairs if one != b"%d" % other), len(told))


def _enter(
    table: dict[bytes, Usual],
    contract: type[Input] | type[Output],
    payload: str,
    call: Call | None,
) -> None:
    behind = _BEHIND.format(source=source_of(contract), topic=contract.kind)
    pattern = _LINE.format(
        number=_NUMBER, above_zero=_ABOVE_ZERO, digits=_DIGITS, payload=payload, known=_KNOWN,
        behind=re.escape(behind[:-_KNOWN]), version=VERSION,
    )  # fmt: skip
    line = behind + '1735689600000000000,"v":1}}'
    usual = re.compile(pattern.encode("ascii"), re.DOTALL).fullmatch
    table[line[_KIND].encode("ascii")] = usual, call


def _pattern(name: str, declared: str) -> str:
    """What one value of a payload looks like, by the type that its contract declares."""
    plain = declared.removesuffix(" | None")
    number = _AMOUNT if name.endswith("_e18") else _DECIMAL
    found = {"int": number, "str": _TEXT, "Side": _SIDE}[plain]
    return found if plain == declared else f"(?:{found}|null)"


def _argument(name: str, declared: str, said: str) -> str:
    """The expression that makes an argument of the verb from the group with what is said of it."""
    if name == "ts_ns":
        return f"int({said})"
    number = f"amounts[{said}]" if name.endswith("_e18") else f"numbers[{said}]"
    text = f"texts[{said}]" if name in _FEW else f"{said}.decode()"
    plain = declared.removesuffix(" | None")
    made = {"int": number, "str": text, "Side": f"sides[{said}]"}[plain]
    return made if plain == declared else f"None if {said} is None else {made}"


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


def _entry_parts(line: bytes) -> Parts:
    """An entry's record without the numbers that the log gave it."""
    text = line.decode()
    begin = text.index(",", RECORD_START) + 1
    end = text.rindex(_SECOND_HALF) + 1
    return text[begin:end], text[text.index(",", end) + 1 : -1]
