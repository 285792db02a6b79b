"""Drift distributions under lock: written once, held against every later run.

A fixture says what was measured, on which input, by which terms. Another input may give the same
distributions, as a capture and the journal that was imported from it do; so only what was measured
is compared, and a different input is named when something has moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .core import codec
from .core.errors import ContractError
from .market.files import open_input

VERSION = 1
KIND = "md_replay.drift"
_KEYS = ("feeds", "input", "kind", "terms", "v")
_TERMS = {"tick": str, "window_ms": int, "ring": int, "drift_keep": int}
_COUNTS = ("snapshots", "deltas")


def fixture_form(data: dict[str, Any]) -> dict[str, Any]:
    """The part of a result that is locked."""
    return {
        "v": VERSION,
        "kind": KIND,
        "input": {name: data["input"][name] for name in ("format", "sha256")},
        "terms": data["terms"],
        "feeds": [
            {
                "source": feed["source"],
                "symbol": feed["symbol"],
                "counts": {name: feed["counts"][name] for name in _COUNTS},
                "drift": feed["drift"],
            }
            for feed in data["feeds"]
        ],
    }


def fixture_text(data: dict[str, Any]) -> str:
    """A fixture as its file holds it: one canonical line."""
    return codec.canonical(fixture_form(data)) + "\n"


def read_fixture(path: str, field: str) -> dict[str, Any]:
    """A fixture from its file; a ContractError says why it is none of ours."""
    with open_input(path, field) as file:
        raw = file.read(codec.MAX_BYTES + 1)
    named = f"{field} {path!r}"
    try:
        data = codec.load_strict(raw, named)
    except ContractError as error:
        raise ContractError(f"{error}; write it anew with --write-fixture") from None
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise ContractError(f"{named} is no drift fixture; write one with --write-fixture")
    version = data.get("v")
    if type(version) is not int or version != VERSION:
        raise ContractError(
            f"{named} is of version {version!r:.20}, and this program reads {VERSION};"
            " write it anew with --write-fixture"
        )
    problem = _misshapen(data)
    if problem:
        raise ContractError(f"{named}: {problem}; write it anew with --write-fixture")
    return data


def _misshapen(data: dict[str, Any]) -> str:
    if sorted(data) != list(_KEYS):
        return f"keys {','.join(sorted(data))[:60]} are not {','.join(_KEYS)}"
    terms, feeds = data["terms"], data["feeds"]
    if not isinstance(terms, dict) or {n: type(v) for n, v in terms.items()} != _TERMS:
        return f"terms {terms!r:.60} are not {', '.join(_TERMS)}"
    if not isinstance(data["input"], dict):
        return f"input {data['input']!r:.60} is no object"
    if not isinstance(feeds, list) or not all(
        isinstance(feed, dict)
        and type(feed.get("source")) is type(feed.get("symbol")) is str
        and isinstance(feed.get("drift"), dict)
        for feed in feeds
    ):
        return "feeds are no list of objects with source, symbol and drift"
    return ""


def moved(locked: dict[str, Any], data: dict[str, Any]) -> list[str]:
    """What is not as it was locked, each from what to what; empty when all holds."""
    now = fixture_form(data)
    before, after = _by_name(locked), _by_name(now)
    found = []
    for name in sorted({*before, *after}):
        one, other = before.get(name, "nothing"), after.get(name, "nothing")
        if one != other:
            found.append(f"moved: {name} from {one} to {other}")
    if found and locked["input"] != now["input"]:
        found.append(
            "moved: the input is another one: format and sha256"
            f" from {_input(locked)} to {_input(now)}"
        )
    return found


def _input(fixture: dict[str, Any]) -> str:
    told = fixture["input"]
    return f"{told.get('format')} {str(told.get('sha256'))[:12]}"


def _by_name(fixture: dict[str, Any]) -> dict[str, str]:
    """Every locked value by its place, as it is written."""
    found = {}
    for feed in fixture["feeds"]:
        name = f"{feed['source']} {feed['symbol']}"
        for place, value in _leaves(feed):
            if place not in ("source", "symbol"):
                found[f"{name} {place}"] = codec.canonical(value)
    return found


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield place, value
        return
    for name, inner in value.items():
        yield from _leaves(inner, f"{place}.{name}" if place else name)
