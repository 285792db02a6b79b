"""Market events from the text in which they were recorded, one generated function a kind.

It is the inverse of `journal/encode.py`, which spells every event in one way; so a pattern takes a
payload apart, and numbers that come again are looked up. Whatever is spelled otherwise goes to the
codec, which decides whether it is an event at all: both give the same events.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ...core import codec
from ...core.errors import ContractError
from ...core.market_v1 import MARKET_DATA, MARKET_FACTS, Levels, MarketEvent
from ...core.money import to_e9
from ...core.record import builder, declared_types, fields_of
from ...core.words_v1 import Side

_MOST_KEPT = 1 << 16
_NUMBER = r"-?(?:0|[1-8][0-9]{0,18}|9[0-9]{0,17})"  # surely within 63 bits
_LEVEL = r'\["[0-9.]{1,26}","[0-9.]{1,26}"\]'
_FORMS = {
    "str": r'"([ !#-\[\]-~]*)"', "Side": '"(Buy|Sell)"', "int": f"({_NUMBER})",
    "Levels": rf"(\[(?:{_LEVEL}(?:,{_LEVEL})*)?\])",
}  # fmt: skip
_SCALED_FORM = r'"([0-9.]{1,26})"'
_decimal = re.compile(rb"(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{0,8}[1-9])?").fullmatch
_READER = """
def made(match, build, numbers, levels, words, sides):
    def read(raw, ts_ns):
        found = match(raw)
        if found is None:
            return None
        {names} = found.groups()
        return build({values})
    return read
"""
_VALUES = {
    "str": "words[{0}]", "Side": "sides[{0}]", "int": "int({0})", "Levels": "levels({0})",
}  # fmt: skip


class _Odd(ValueError):
    """A number that is not spelled as ours are."""


class _Numbers(dict[bytes, int]):
    """Scaled integers by their exact decimal text."""

    def __missing__(self, raw: bytes) -> int:
        if not _decimal(raw):
            raise _Odd
        if len(self) >= _MOST_KEPT:
            self.clear()
        found = self[raw] = to_e9(raw.decode("ascii"), "number")
        return found


class _Words(dict[bytes, str]):
    """Names come again; an id does not, and is not kept for long."""

    def __missing__(self, raw: bytes) -> str:
        if len(self) >= _MOST_KEPT:
            self.clear()
        found = self[raw] = raw.decode("ascii")
        return found


def event_of(kind: str, ts_ns: int, raw: bytes) -> MarketEvent:
    """The event in a payload; a ContractError says what is wrong with it."""
    read = _readers.get(kind)
    if read is not None:
        try:
            event: MarketEvent | None = read(raw, ts_ns)
            if event is not None:
                return event
        except _Odd:
            pass
    payload = codec.load_strict(raw, f"the payload of {kind:.40}")
    if not isinstance(payload, dict):
        raise ContractError(f"the payload of {kind:.40} is no object")
    return codec.market_event(kind, ts_ns, payload)


def _made(kind: type[Any], scope: dict[str, Any]) -> Callable[[bytes, int], MarketEvent | None]:
    """The reader of one kind: its fields in the order of the text, its event in its own."""
    types = declared_types(kind)
    names = sorted(name for name in fields_of(kind) if name != "ts_ns")
    pattern = ",".join(f'"{name}":{_form(name, types[name])}' for name in names)
    values = [
        "ts_ns" if name == "ts_ns" else _value(name, types[name]) for name in fields_of(kind)
    ]
    made: dict[str, Any] = {}
    exec(_READER.format(names=", ".join(names), values=", ".join(values)), made)
    match = re.compile(rf"\{{{pattern}\}}".encode(), re.ASCII).fullmatch
    reader: Callable[[bytes, int], MarketEvent | None] = made["made"](
        match=match, build=builder(kind), **scope
    )
    return reader


def _form(name: str, declared: str) -> str:
    plain = declared.removesuffix(" | None")
    form = _SCALED_FORM if name in codec.SCALED else _FORMS[plain]
    return f"(?:{form}|null)" if plain != declared else form


def _value(name: str, declared: str) -> str:
    plain = declared.removesuffix(" | None")
    value = f"numbers[{name}]" if name in codec.SCALED else _VALUES[plain].format(name)
    return f"{value} if {name} is not None else None" if plain != declared else value


def _with_levels(numbers: _Numbers) -> Callable[[bytes], Levels]:
    def levels(raw: bytes) -> Levels:
        parts = raw.split(b'"')
        prices, sizes = parts[1::4], parts[3::4]
        return tuple([(numbers[price], numbers[size]) for price, size in zip(prices, sizes)])

    return levels


def _all_readers() -> dict[str, Callable[[bytes, int], MarketEvent | None]]:
    numbers = _Numbers()
    scope = {
        "numbers": numbers, "words": _Words(), "levels": _with_levels(numbers),
        "sides": {b"Buy": Side.BUY, b"Sell": Side.SELL},
    }  # fmt: skip
    return {kind.kind: _made(kind, scope) for kind in (*MARKET_DATA, *MARKET_FACTS)}


_readers = _all_readers()
