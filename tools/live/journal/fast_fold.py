"""The usual lines of a run, folded without building anything in between.

For each kind that a run is full of there is one regular expression over the whole line, made from
the contract, and one function that calls the fold's verb with what it found. A line that does not
match is not wrong, only unusual, and takes the careful way through `codec.from_envelope`; a
property test holds the two ways against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from ..core.contracts_v1 import (
    BUY, OUTPUTS, SELL, CancelAllOrdered, EdgeUpdate, Fill, Input, OrderAccepted,
    OrderCanceled, OrderRejected, Output, QuoteUpdate, Side,
)  # fmt: skip
from ..core.line import source_of
from ..core.money import to_e9
from ..core.record import declared_types, fields_of
from ..fold import Fold
from .frame import VERSION

# The groups of a line: base, id, what the payload holds by its sorted keys, seq, time.
Groups: TypeAlias = tuple[bytes, ...]
Usual: TypeAlias = tuple[Callable[[bytes, int], re.Match[bytes] | None], Callable[[Groups], Any]]

MATCH_FROM = 70  # behind the hash, which the chain has proven

_MOST_KEPT = 1 << 16
_VERBS: dict[type[Input], str] = {
    QuoteUpdate: "quote",
    EdgeUpdate: "edge_update",
    OrderAccepted: "accepted",
    OrderRejected: "rejected",
    OrderCanceled: "canceled",
    Fill: "fill",
    CancelAllOrdered: "cancel_all",
}
_NUMBER = r"(?:0|[1-9][0-9]{0,18})"
_TEXT = r'"([^"\\\x00-\x1f\x80-\xff]{0,256})"'
_DECIMAL = r'"(-?[0-9]{1,15}(?:\.[0-9]{1,9})?)"'
_SIDE = '"(Buy|Sell)"'
_UNREAD = r"\{[^{}\\]{0,4096}\}"  # what a replay derives again is not taken from the record
_LINE = (
    r'","r":\{{"b":({number}),"cause":{number},"corr":{number},"id":"({number})","p":{payload}'
    r',"q":({number}),"src":"{source}","topic":"{topic}","ts":({number}),"v":{version}\}}\}}'
)
_CALL = """
def call(groups):
    _, _, {groups}, _, ts_ns = groups
    verb({arguments})
"""


class _Numbers(dict[bytes, int]):
    """Scaled integers by their decimal text, kept because prices and sizes come again."""

    def __missing__(self, digits: bytes) -> int:
        if len(self) >= _MOST_KEPT:
            self.clear()
        found = self[digits] = to_e9(digits.decode("ascii"), "number")
        return found


class _Names(dict[bytes, str]):
    """Symbols and other words that come again."""

    def __missing__(self, raw: bytes) -> str:
        if len(self) >= _MOST_KEPT:
            self.clear()
        found = self[raw] = raw.decode("ascii")
        return found


_SIDES: dict[bytes, Side] = {b"Buy": BUY, b"Sell": SELL}


def usual_lines(fold: Fold) -> dict[bytes, Usual]:
    """By topic: the expression that a usual line matches, and what feeds its groups to the fold."""
    scope = {"number": _Numbers(), "name": _Names(), "side": _SIDES}
    table: dict[bytes, Usual] = {}
    for contract, verb in _VERBS.items():
        names = [name for name in sorted(fields_of(contract)) if name != "ts_ns"]
        types = declared_types(contract)
        spelled = ",".join(f'"{name}":{_pattern(types[name])}' for name in names)
        arguments = [_argument(name, types[name]) for name in fields_of(contract)]
        code = _CALL.format(groups=", ".join(names), arguments=", ".join(arguments))
        made: dict[str, Any] = {**scope, "verb": getattr(fold, verb)}
        exec(code, made)
        table[contract.kind.encode()] = (_expression(contract, rf"\{{{spelled}\}}"), made["call"])
    for output in OUTPUTS:
        table[output.kind.encode()] = (_expression(output, _UNREAD), _nothing)
    return table


def _expression(
    contract: type[Input] | type[Output], payload: str
) -> Callable[[bytes, int], re.Match[bytes] | None]:
    pattern = _LINE.format(
        number=_NUMBER,
        payload=payload,
        source=source_of(contract),
        topic=re.escape(contract.kind),
        version=VERSION,
    )
    return re.compile(pattern.encode("ascii")).fullmatch


def _pattern(declared: str) -> str:
    """What one value of a payload looks like, by the type that its contract declares."""
    plain = declared.removesuffix(" | None")
    found = {"int": _DECIMAL, "str": _TEXT, "Side": _SIDE}[plain]
    return found if plain == declared else f"(?:{found}|null)"


def _argument(name: str, declared: str) -> str:
    """The expression that makes an argument of the verb from the group of this name."""
    if name == "ts_ns":
        return "int(ts_ns)"
    plain = declared.removesuffix(" | None")
    if plain == "str" and (name.endswith("_id") or name == "message"):
        made = f"{name}.decode()"  # these hardly come twice
    else:
        made = f"{ {'int': 'number', 'str': 'name', 'Side': 'side'}[plain] }[{name}]"
    return made if plain == declared else f"None if {name} is None else {made}"


def _nothing(groups: Groups) -> None:
    pass


