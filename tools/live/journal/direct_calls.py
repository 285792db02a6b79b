"""From a recorded payload to the fold's verb, without an event in between.

For the kinds that a run is full of there is a generated function that reads a payload into the
arguments of the verb. Whatever it is not sure of it leaves to `codec.from_envelope`, which accepts
or refuses it in its own words; a property test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ..core.contracts_v1 import (
    BUY, SELL, CancelAllOrdered, EdgeUpdate, Executed, Fill, Input, OrderAccepted,
    OrderCanceled, OrderRejected, Output, QuoteUpdate,
)  # fmt: skip
from ..core.codec import key_of
from ..core.errors import ContractError
from ..core.money import to_e9, to_e18
from ..core.record import declared_types, fields_of
from ..fold import Fold

Reading: TypeAlias = Callable[[dict[str, Any]], tuple[Any, ...]]
Verb: TypeAlias = Callable[..., Sequence[Output]]

VERBS: dict[type[Input], str] = {
    QuoteUpdate: "quote",
    EdgeUpdate: "edge_update",
    OrderAccepted: "accepted",
    OrderRejected: "rejected",
    OrderCanceled: "canceled",
    Fill: "fill",
    Executed: "executed",
    CancelAllOrdered: "cancel_all",
}
SIDES = {"Buy": BUY, "Sell": SELL}
UNSURE = (ContractError, KeyError, TypeError)

_MOST_KEPT = 1 << 16
_READ = """
def read(payload):
    if len(payload) != {count}:
        raise KeyError
    {fetches}
    return {arguments},
"""


class Numbers(dict[str, int]):
    """Scaled integers by their decimal text, kept because prices and sizes come again."""

    def __init__(self, read: Callable[[str, str], int] = to_e9) -> None:
        self._read = read

    def __missing__(self, digits: str) -> int:
        if len(self) >= _MOST_KEPT:
            self.clear()
        if digits.__class__ is not str:
            raise TypeError
        found = self[digits] = self._read(digits, "number")
        return found


def direct_calls(fold: Fold) -> dict[str, tuple[Reading, Verb]]:
    """By kind: what reads a payload, and the verb that takes it and the time behind it.

    Reading raises one of UNSURE where the careful way must decide.
    """
    scope = {"numbers": Numbers(), "amounts": Numbers(to_e18), "sides": SIDES}
    calls: dict[str, tuple[Reading, Verb]] = {}
    for contract, verb in VERBS.items():
        types = declared_types(contract)
        names = [name for name in fields_of(contract) if name != "ts_ns"]
        code = _READ.format(
            count=len(names),
            fetches="\n    ".join(_fetch(name, types[name]) for name in names),
            arguments=", ".join(names),
        )
        made: dict[str, Any] = {}  # apart from the scope, or the function would hold itself
        exec(code, {**scope}, made)
        calls[contract.kind] = made["read"], getattr(fold, verb)
    return calls


def _fetch(name: str, declared: str) -> str:
    """The statement that reads one value of a payload."""
    plain = declared.removesuffix(" | None")
    value = f"payload[{key_of(name)!r}]"
    known = "amounts" if name.endswith("_e18") else "numbers"
    read = {
        "int": f"{name} = {known}[{value}]",
        "Side": f"{name} = sides[{value}]",
        "str": f"{name} = {value}\n    if {name}.__class__ is not str: raise TypeError",
    }[plain]
    if plain == declared:
        return read
    inside = read.replace("\n    ", "\n        ")
    return f"{name} = {value}\n    if {name} is not None:\n        {inside}"
