"""Raw captures of a WebSocket: one message a line, behind the time at which it was received.

    1723161254087891268 {"stream":"btcusdt@bookTicker","data":{...}}

The first messages that can only be of one venue say which it is. A REST snapshot of the book among
the messages names no symbol; it is taken for the one symbol that the stream has spoken of, and is
refused when there are several.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import import_module
from typing import Any, TypeAlias, cast

from ...core import codec
from ...core.errors import ContractError
from ..normalize.wire import LATEST_NS
from .lines import Heard, Item, Lines, wrong

# The normaliser of each source, and what it must be told; a capture is of one of them.
SOURCES: dict[str, tuple[str, str, dict[str, str]]] = {
    "binance-spot": ("binance", "spot", {}),
    "binance-usdm": ("binance", "usdm", {}),
    "bybit-spot": ("bybit", "normalize", {"category": "spot"}),
    "bybit-linear": ("bybit", "normalize", {"category": "linear"}),
    "bybit-inverse": ("bybit", "normalize", {"category": "inverse"}),
    "bybit-option": ("bybit", "normalize", {"category": "option"}),
    "coinbase": ("coinbase", "normalize", {}),
    "alpaca": ("alpaca", "normalize", {}),
}
_OTHER_UNITS = (10, 13, 16)  # the digits of any time since 2001 in s, ms or us
STAMPED = re.compile(rb"([0-9]{1,19}) +(?=[{[])")

Normalize: TypeAlias = Callable[[bytes, int], Sequence[Item]]


def read(lines: Lines, normalize: Normalize) -> Iterator[Heard]:
    """What every message says; a line without a stamp is a ContractError."""
    stamped = STAMPED.match
    for batch in lines.batches():
        number = lines.number - len(batch)
        for line in batch:
            number += 1
            match = stamped(line)
            if match is None:
                if line:
                    raise wrong(f"{line[:40]!r} is no receive time in ns and a message", number)
                yield number, 1, ()
            else:
                yield number, 1, normalize(line[match.end() :], received_ns(match[1], number))


def received_ns(digits: bytes, number: int) -> int:
    """The time in front of a message; a ContractError where it is of another unit by mistake."""
    ts_ns = int(digits)
    if ts_ns > LATEST_NS or len(digits) in _OTHER_UNITS:
        raise wrong(f"receive time {digits.decode()} is not in nanoseconds", number)
    return ts_ns


def normalizer(
    source: str, symbol: str | None, first: Iterable[tuple[int, bytes]] = ()
) -> Normalize:
    """The normaliser of a source, which keeps in mind of which symbol the stream speaks.

    The first messages tell it that before it is asked, because a snapshot may come before them.
    """
    module, name, told = SOURCES[source]
    function = getattr(import_module(f"..normalize.{module}", __package__), name)
    if module != "binance":
        return partial(function, **told) if told else cast(Normalize, function)
    known = _Binance(function, symbol)
    for ts_ns, raw in first:
        known(raw, ts_ns)
    return known


class _Binance:
    """Gives the snapshots of the book the symbol that the stream is about."""

    def __init__(self, function: Any, symbol: str | None) -> None:
        self._function = function
        self._given = symbol
        self._symbol = symbol or ""
        self._several = False

    def __call__(self, raw: bytes, ts_ns: int) -> Sequence[Item]:
        items: Sequence[Item] = self._function(raw, ts_ns, self._symbol)
        if self._given is None and not self._several:
            self._notice(items)
        return items

    def _notice(self, items: Sequence[Item]) -> None:
        symbol = getattr(items[0], "symbol", "") if items else ""
        if symbol and symbol != self._symbol:
            self._several = self._symbol != ""
            self._symbol = "" if self._several else symbol


def find_source(messages: Iterable[bytes]) -> str | None:
    """The one source that these messages can be of; None while none of them says it."""
    for raw in messages:
        try:
            told = codec.load_strict(raw, "message", digits=True)
        except ContractError:
            continue
        if (found := source_of(told)) is not None:
            return found
    return None


def source_of(told: Any) -> str | None:
    """The source of a message, by what only its venue says."""
    if isinstance(told, list):
        one = told[0] if told else None
        return "alpaca" if isinstance(one, dict) and "T" in one else None
    if not isinstance(told, dict):
        return None
    if isinstance(told.get("topic"), str) and "data" in told:
        return _bybit(told)
    if "product_id" in told or ("channel" in told and "events" in told):
        return "coinbase"
    data = told.get("data", told)
    return _binance(data) if isinstance(data, dict) else None


def _binance(data: dict[str, Any]) -> str | None:
    kind = data.get("e")
    if kind == "depthUpdate":
        return "binance-usdm" if "pu" in data else "binance-spot"
    if kind == "bookTicker":
        return "binance-usdm"
    if kind in ("trade", "aggTrade"):
        return "binance-spot" if "M" in data else "binance-usdm"
    if kind is None and all(name in data for name in ("u", "s", "b", "B", "a", "A")):
        return "binance-spot"
    return None


def _bybit(told: dict[str, Any]) -> str | None:
    """Only its trades tell Bybit's markets apart: those of derivatives have a tick direction."""
    data = told["data"]
    if not told["topic"].startswith("publicTrade.") or not isinstance(data, list) or not data:
        return None
    return "bybit-linear" if isinstance(data[0], dict) and "L" in data[0] else "bybit-spot"
