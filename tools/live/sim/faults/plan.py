"""What is to go wrong: the kinds of faults, and a plan of them as checked data.

    seed = 7

    [[fault]]
    kind = "lose_answer"        # the exchange takes the order, and we never hear of it
    nth = [1, 4]                # of all orders that it could strike, the first and the fourth

    [[fault]]
    kind = "late_fill"
    by_ms = 800
    chance = 0.2                # each fill, drawn from the plan's seed
    from_s = 10                 # since the first thing that happened on the line
    for_s = 30
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from enum import Enum
from typing import Any

from ...core.clock import NS_PER_MS, NS_PER_S
from ...core.codec import Digits, load_strict, load_toml
from ...core.contracts_v1 import Side, parse_side
from ...core.errors import ContractError
from ...core.money import SCALE, not_negative_e9
from ...core.record import record
from ...market.bounds import whole

MAX_SEED = 2**63 - 1
MOST_FAULTS = 1_000
LONGEST_MS = 86_400_000
MOST_NUMBER = 10**9


class FaultKind(str, Enum):
    """What can go wrong; the word is what a plan says."""

    # A request.
    NOT_SENT = "not_sent"
    LOSE_REQUEST = "lose_request"
    LATE_REQUEST = "late_request"
    TWICE = "twice"
    REJECT = "reject"
    RATE_LIMIT = "rate_limit"
    LOSE_CANCEL = "lose_cancel"
    LATE_CANCEL = "late_cancel"
    # An answer.
    LOSE_ANSWER = "lose_answer"
    LATE_ANSWER = "late_answer"
    DUPLICATE_ANSWER = "duplicate_answer"
    LOSE_CANCEL_ANSWER = "lose_cancel_answer"
    LATE_CANCEL_ANSWER = "late_cancel_answer"
    LOSE_FILL = "lose_fill"
    LATE_FILL = "late_fill"
    DUPLICATE_FILL = "duplicate_fill"
    CLOCK_SKEW = "clock_skew"
    # A stretch of time.
    DISCONNECT = "disconnect"
    OUTAGE = "outage"
    AMNESIA = "amnesia"
    # The market.
    SILENT_STREAM = "silent_stream"
    STALE_BOOK = "stale_book"
    CROSSED_BOOK = "crossed_book"
    PARTIAL_SNAPSHOT = "partial_snapshot"


MARKET = frozenset({
    FaultKind.SILENT_STREAM, FaultKind.STALE_BOOK, FaultKind.CROSSED_BOOK,
    FaultKind.PARTIAL_SNAPSHOT,
})  # fmt: skip
# They last: nothing is counted and nothing drawn, it is so from a time to a time.
LASTING = frozenset({
    FaultKind.DISCONNECT, FaultKind.OUTAGE, FaultKind.AMNESIA, FaultKind.SILENT_STREAM,
    FaultKind.STALE_BOOK,
})  # fmt: skip
_BY = frozenset({
    FaultKind.LATE_REQUEST, FaultKind.LATE_CANCEL, FaultKind.LATE_ANSWER,
    FaultKind.LATE_CANCEL_ANSWER, FaultKind.LATE_FILL, FaultKind.CLOCK_SKEW,
})  # fmt: skip


@record
class Fault:
    """One kind of trouble, and when: in a window, for these occurrences, so often, so likely.

    `nth` are the occurrences inside the window, from 1; `chance` is at 10^9 and drawn for each;
    with neither every occurrence is struck. `most` ends it after so many strikes. `by_ns` is the
    delay of what is late, or how far a clock is ahead. `limit` requests in `window_ns` are taken
    before a rate limit strikes.
    """

    kind: FaultKind
    from_ns: int = 0
    for_ns: int | None = None
    symbol: str | None = None
    side: Side | None = None
    nth: tuple[int, ...] = ()
    chance: int = SCALE
    most: int | None = None
    by_ns: int = 0
    limit: int = 0
    window_ns: int = 0

    def is_on(self, since_ns: int) -> bool:
        """Whether it is the time of this fault, counted from the start of the run."""
        if since_ns < self.from_ns:
            return False
        return self.for_ns is None or since_ns < self.from_ns + self.for_ns


@record
class FaultPlan:
    """Faults, and the seed from which is drawn what is left to chance."""

    faults: tuple[Fault, ...] = ()
    seed: int = 0

    def describe(self) -> dict[str, Any]:
        """The plan as plain data, in the words in which it is read."""
        return {"seed": self.seed, "fault": [_described(one) for one in self.faults]}

    @property
    def ends_ns(self) -> int | None:
        """When the last fault is over, since the start of the run; None when one never is."""
        ends = [0]
        for one in self.faults:
            if one.for_ns is None:
                return None
            ends.append(one.from_ns + one.for_ns + one.by_ns)
        return max(ends)


def read_plan(text: str | bytes, named: str = "plan", *, toml: bool = True) -> FaultPlan:
    """The plan that a text in TOML or JSON tells; a ContractError names what is wrong with it."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return plan_of(load_toml(raw, named) if toml else load_strict(raw, named, digits=True), named)


def plan_of(told: Any, named: str = "plan") -> FaultPlan:
    """The plan that plain data tells, as `describe` says it."""
    table = _table(told, ("seed", "fault"), named)
    seed = table.get("seed", 0)
    whole(seed, f"seed of {named}", 0, MAX_SEED)
    rows = table.get("fault", [])
    if not isinstance(rows, list) or len(rows) > MOST_FAULTS:
        raise ContractError(
            f"fault of {named} is no list of at most {MOST_FAULTS} faults; write [[fault]]"
        )
    faults = [_read(row, f"fault {number} of {named}") for number, row in enumerate(rows, 1)]
    return FaultPlan(tuple(faults), seed)


def checked(fault: Fault, named: str = "fault") -> Fault:
    """The fault as given; a ContractError names the first field that is wrong, and its rule."""
    kind = fault.kind
    if not isinstance(kind, FaultKind):
        raise ContractError(f"kind {kind!r:.60} of {named} is no FaultKind; take one of them")
    longest_ns = LONGEST_MS * NS_PER_MS
    whole(fault.from_ns, f"from of {named} in ns", 0, longest_ns)
    if fault.for_ns is not None:
        whole(fault.for_ns, f"for of {named} in ns", 1, longest_ns)
    for number in fault.nth:
        whole(number, f"nth of {named}", 1, MOST_NUMBER)
    whole(fault.chance, f"chance of {named} at 10^9", 0, SCALE)
    if fault.most is not None:
        whole(fault.most, f"most of {named}", 1, MOST_NUMBER)
    lowest = -longest_ns if kind is FaultKind.CLOCK_SKEW else 0
    whole(fault.by_ns, f"by of {named} in ns", lowest, longest_ns)
    for ns in (fault.from_ns, fault.for_ns or 0, fault.by_ns, fault.window_ns):
        if ns % NS_PER_MS:  # a plan in words could not say it
            raise ContractError(f"{ns} ns of {named} is no whole number of milliseconds; round it")
    if (kind in _BY) is not bool(fault.by_ns):
        need = "needs by_ms, how late" if kind in _BY else "knows no by_ms; leave it out"
        raise ContractError(f"{kind.value} of {named} {need}")
    _check_rate(fault, named)
    if kind in LASTING and (fault.nth or fault.most or fault.chance != SCALE):
        raise ContractError(
            f"{kind.value} of {named} lasts from a time to a time; leave nth, chance and most"
        )
    if kind in LASTING and kind not in MARKET and (fault.symbol or fault.side):
        raise ContractError(f"{kind.value} of {named} is of a whole line; leave symbol and side")
    if kind in MARKET and fault.side is not None:
        raise ContractError(f"{kind.value} of {named} has no side; leave side")
    return fault


def _check_rate(fault: Fault, named: str) -> None:
    if fault.kind is FaultKind.RATE_LIMIT:
        whole(fault.limit, f"limit of {named}", 1, MOST_NUMBER)
        whole(fault.window_ns, f"window of {named} in ns", 1, LONGEST_MS * NS_PER_MS)
    elif fault.limit or fault.window_ns:
        raise ContractError(f"{fault.kind.value} of {named} knows no limit; leave limit, window_ms")


_KEYS = (
    "kind", "from_s", "from_ms", "for_s", "for_ms", "symbol", "side", "nth", "chance", "most",
    "by_ms", "limit", "window_ms",
)  # fmt: skip


def _read(told: Any, named: str) -> Fault:
    table = _table(told, _KEYS, named)
    kind = _kind(table.get("kind"), named)
    side = table.get("side")
    if side is not None and (not isinstance(side, str) or parse_side(side) is None):
        raise ContractError(f"side {side!r:.60} of {named} is neither Buy nor Sell; correct it")
    symbol = table.get("symbol")
    if symbol is not None and (not isinstance(symbol, str) or not symbol):
        raise ContractError(f"symbol {symbol!r:.60} of {named} is no name; correct it")
    nth = table.get("nth", [])
    if not isinstance(nth, list):
        raise ContractError(f"nth {nth!r:.60} of {named} is no list of numbers; write [1]")
    for number in nth:
        whole(number, f"nth of {named}", 1, MOST_NUMBER)
    return checked(
        Fault(
            kind,
            _time(table, "from", named) or 0,
            _time(table, "for", named),
            symbol,
            None if side is None else parse_side(side),
            tuple(nth),
            _chance(table.get("chance", 1), f"chance of {named}"),
            table.get("most"),
            _whole_ms(table, "by_ms", named) or 0,
            table.get("limit", 0),
            _whole_ms(table, "window_ms", named) or 0,
        ),
        named,
    )


def _chance(told: Any, where: str) -> int:
    if isinstance(told, bool) or not isinstance(told, (int, float, Digits)):
        raise ContractError(f"{where} {told!r:.60} is not a number from 0 to 1; write 0.5")
    return not_negative_e9(str(told) if isinstance(told, Digits) else told, where)


def _kind(told: Any, named: str) -> FaultKind:
    words = [one.value for one in FaultKind]
    if told in words:
        return FaultKind(told)
    close = get_close_matches(str(told), words, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"take one of {', '.join(words)}"
    raise ContractError(f"kind {told!r:.60} of {named} is unknown; {hint}")


def _time(table: Mapping[str, Any], name: str, named: str) -> int | None:
    """Nanoseconds, told as seconds or as milliseconds."""
    seconds, ms_ns = table.get(f"{name}_s"), _whole_ms(table, f"{name}_ms", named)
    if seconds is None:
        return ms_ns
    if ms_ns is not None:
        raise ContractError(f"{named} has {name}_s and {name}_ms; leave one of them")
    whole(seconds, f"{name}_s of {named}", 0, LONGEST_MS // 1_000)
    return int(seconds) * NS_PER_S


def _whole_ms(table: Mapping[str, Any], name: str, named: str) -> int | None:
    told = table.get(name)
    if told is None:
        return None
    whole(told, f"{name} of {named}", -LONGEST_MS, LONGEST_MS)
    return int(told) * NS_PER_MS


def _table(told: Any, known: tuple[str, ...], named: str) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise ContractError(f"{named} is no table; write its keys and values")
    for key in told:
        if key not in known:
            close = get_close_matches(key, known, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
            raise ContractError(f"key {key!r:.60} of {named} is unknown; {hint}")
    return told


def _described(fault: Fault) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": fault.kind.value}
    times = {"from_ms": fault.from_ns, "for_ms": fault.for_ns, "by_ms": fault.by_ns,
             "window_ms": fault.window_ns}  # fmt: skip
    told.update({name: ns // NS_PER_MS for name, ns in times.items() if ns})
    if fault.symbol is not None:
        told["symbol"] = fault.symbol
    if fault.side is not None:
        told["side"] = fault.side.value
    if fault.nth:
        told["nth"] = list(fault.nth)
    if fault.chance != SCALE:
        told["chance"] = fault.chance / SCALE
    if fault.most is not None:
        told["most"] = fault.most
    if fault.limit:
        told["limit"] = fault.limit
    return told
