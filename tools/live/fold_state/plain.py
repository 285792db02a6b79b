"""Strict reading of plain data: exactly the keys, the types and the spellings that were written.

Amounts and times are decimal text in one spelling; only counts are JSON numbers, and only as far as
every reader of JSON takes them exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from ..core.errors import ContractError

Item = TypeVar("Item")
Key = TypeVar("Key")

LARGEST_COUNT = 2**53 - 1

_is_number = re.compile(r"0|-?[1-9][0-9]{0,79}", re.ASCII).fullmatch


def wrong(what: str, found: object, rule: str) -> ContractError:
    """The error for a value that breaks a rule."""
    return ContractError(f"{what} {found!r:.80} is not {rule}")


def keys(told: Any, names: Iterable[str], what: str) -> dict[str, Any]:
    """An object with these keys and no other: what we do not know may matter."""
    if not isinstance(told, dict):
        raise wrong(what, told, "an object")
    expected = dict.fromkeys(names)
    for name in expected:
        if name not in told:
            raise ContractError(f"{what} lacks {name}")
    for name in told:
        if name not in expected:
            raise ContractError(f"{what} has {name!r:.60}, which nobody knows")
    return told


def count(value: Any, what: str, least: int = 0) -> int:
    """A JSON number that counts something; True is none."""
    if type(value) is not int or not least <= value <= LARGEST_COUNT:
        raise wrong(what, value, f"a whole number from {least} to {LARGEST_COUNT}")
    return value


def number(value: Any, what: str, least: int | None = None) -> int:
    """An integer as decimal text, spelled as `str` spells it."""
    if not isinstance(value, str) or not _is_number(value):
        raise wrong(what, value, "decimal digits as text")
    found = int(value)
    if least is not None and found < least:
        raise wrong(what, value, f"{least} or more")
    return found


def text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise wrong(what, value, "text")
    return value


def flag(value: Any, what: str) -> bool:
    if not isinstance(value, bool):
        raise wrong(what, value, "true or false")
    return value


def one_of(value: Any, known: Mapping[str, Item], what: str) -> Item:
    """What one of a few words stands for."""
    if not isinstance(value, str) or value not in known:
        raise wrong(what, value, f"one of {', '.join(known)}")
    return known[value]


def optional(value: Any, what: str, read: Callable[[Any, str], Item]) -> Item | None:
    """None for null, else what `read` makes of it."""
    return None if value is None else read(value, what)


def items(told: Any, what: str, read: Callable[[Any], Item]) -> list[Item]:
    """What `read` makes of each item of a list; an error says which item it was."""
    if not isinstance(told, list):
        raise wrong(what, told, "a list")
    made: list[Item] = []
    try:
        for one in told:
            made.append(read(one))
    except ContractError as error:
        raise ContractError(f"{what} item {len(made)}: {error}") from None
    return made


def row(value: Any, width: int) -> list[Any]:
    """A list of exactly so many values."""
    if not isinstance(value, list) or len(value) != width:
        raise wrong("row", value, f"a list of {width} values")
    return value


def unique(found: Iterable[tuple[Key, Item]], what: str) -> dict[Key, Item]:
    """A mapping in the order of its pairs, in which no key comes twice."""
    made: dict[Key, Item] = {}
    for key, value in found:
        if key in made:
            raise ContractError(f"{what} {key!r:.80} is there twice")
        made[key] = value
    return made


def pairs(
    told: Any, what: str, read_key: Callable[[Any, str], Key], read: Callable[[Any, str], Item]
) -> dict[Key, Item]:
    """A mapping that was told as a list of pairs, because its order matters."""

    def pair(one: Any) -> tuple[Key, Item]:
        key, value = row(one, 2)
        return read_key(key, "key"), read(value, "value")

    return unique(items(told, what, pair), what)
