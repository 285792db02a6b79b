"""The settings of a demo run: one table for the command line, the config file and the help.

A value is parsed once, strictly, and named in the message when it is refused. The command line
wins over the config file, and the config file over the defaults.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from .console import Flag, did_you_mean
from .core import codec
from .core.errors import ContractError
from .core.money import SCALE, Number, to_e9
from .core.record import record
from .edge_modes import ASKED
from .exchange import MAX_LATENCY_MS
from .market.synthetic import MAX_STEPS, checked_symbols

MAX_SEED = 2**63 - 1
# Compiled when first used: a bare run reads no number.
_WHOLE = r"[+-]?[0-9]{1,20}"
_DECIMAL = r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?"
_SHOWN = 60
_MOST_BITS = 200

Read = Callable[[Any, str], Any]


@record
class Setting:
    """One setting: its key in a config file, default, reader, metavar, help text and group."""

    key: str
    default: Any
    read: Read
    metavar: str
    help: str
    group: str

    @property
    def name(self) -> str:
        """The name of its flag."""
        return "--" + self.key.replace("_", "-")

    @property
    def flag(self) -> Flag:
        """Its flag, which tells the default."""
        text, shown = self.help, self.default
        if self.metavar and shown is not None:
            text += f" (default {','.join(shown) if isinstance(shown, list) else shown})"
        return Flag(self.name, self.metavar, text, self.group)


def whole(lowest: int, highest: int) -> Read:
    """A reader of whole numbers in a range."""

    def read(value: Any, name: str) -> int:
        advice = f"give one from {lowest} to {highest}"
        if isinstance(value, str) and not isinstance(value, codec.Digits):
            value = int(value) if re.fullmatch(_WHOLE, value) else value
        if isinstance(value, bool) or not isinstance(value, int):
            raise ContractError(f"{name} {_show(value)} is not a whole number; {advice}")
        if not lowest <= value <= highest:
            raise ContractError(f"{name} {_show(value)} is out of range; {advice}")
        return value

    return read


def number(lowest: int, highest: int, *, above: bool = False) -> Read:
    """A reader of exact decimal numbers in a range; `above` leaves the lower end out."""
    start = f"above {lowest} and up" if above else f"from {lowest}"
    advice = f"give a number {start} to {highest}, with at most 9 decimals"

    def read(value: Any, name: str) -> Number:
        plain = _number(value, name, advice)
        try:
            scaled = to_e9(plain, name)
        except ContractError as error:
            what, _, _ = str(error).partition(";")
            raise ContractError(f"{what}; {advice}") from None
        low = lowest * SCALE
        if scaled > highest * SCALE or scaled < low or (above and scaled == low):
            raise ContractError(f"{name} {_show(value)} is out of range; {advice}")
        return plain

    return read


def rate(value: Any, name: str) -> float:
    """A probability: a measurement, so it may have any number of decimals."""
    advice = "give a probability from 0 to 1"
    plain = _number(value, name, advice)
    if isinstance(plain, str) and not re.fullmatch(_DECIMAL, plain):
        raise ContractError(f"{name} {_show(value)} is not a number; {advice}")
    probability = float(plain)
    if not 0 <= probability <= 1:
        raise ContractError(f"{name} {_show(value)} is out of range; {advice}")
    return probability


def symbols(value: Any, name: str) -> list[str]:
    """Comma-separated text or a list of names; empty parts are dropped."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ContractError(f"{name} {_show(value)} is no list of names; write BTCUSDT,ETHUSDT")
    names = [part.strip() for part in parts if part.strip()]
    try:
        return checked_symbols(names) if names else []
    except ContractError as error:
        raise ContractError(f"{name}: {error}; write BTCUSDT,ETHUSDT") from None


def choice(*allowed: str) -> Read:
    """A reader of one word out of a few."""

    def read(value: Any, name: str) -> str:
        if not isinstance(value, str) or value not in allowed:
            hint = did_you_mean(str(value)[:_SHOWN], allowed)
            some = " or ".join(allowed)
            raise ContractError(f"{name} {_show(value)} is not {some}; {hint}")
        return value

    return read


def path(value: Any, name: str) -> str:
    """A file name."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise ContractError(f"{name} {_show(value)} is not a file name; name a file")
    if "${" in value:
        raise ContractError(f"{name} {_show(value)} holds a variable; write its value out")
    return value


def word(value: Any, name: str) -> str:
    """A lower-case name such as binance-spot."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9-]{1,32}", value):
        advice = "write 1 to 32 lower-case letters, digits or -"
        raise ContractError(f"{name} {_show(value)} is no name; {advice}")
    return value


def model(value: Any, name: str) -> str:
    """The name of a model such as power:2, or a number."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not re.fullmatch(r"[a-z0-9:._]{1,32}", text):
        raise ContractError(f"{name} {_show(value)} is no name; write one such as power:2 or 5")
    return text


def switch(value: Any, name: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ContractError(f"{name} {_show(value)} is not a switch; give true or false")
    return value


_LIMIT = number(0, 10**12)
_BPS = number(-10_000, 10_000)
_FEE = number(-1000, 1000)
_STEPS = whole(1, MAX_STEPS)
_LATENCY = whole(0, MAX_LATENCY_MS)
_MODE = choice(*ASKED)

# The columns: key, default, reader, metavar, help.
_TABLE: dict[str, tuple[tuple[str, Any, Read, str, str], ...]] = {
    "market": (
        ("symbols", ["BTCUSDT", "ETHUSDT"], symbols, "A,B", "symbols to trade"),
        ("iterations", 50, _STEPS, "N", "steps of the synthetic market"),
        ("quotes", None, path, "FILE", "recorded quotes instead of it: CSV or JSON Lines"),
        ("market", None, path, "PATH", "a recorded market instead: capture, dump or journal"),
        ("source", None, word, "NAME", "one of its sources, or the venue where it names none"),
    ),
    "exchange": (
        ("exchange", "fake", choice("fake", "simulated"), "NAME",
         "fake draws what fills, simulated matches orders"),
        ("terms", None, path, "FILE", "terms of --exchange simulated, or dream ... slow"),
        ("queue", None, model, "MODEL", "its queue: pessimistic, proportional, power:N or log"),
        ("delays", None, model, "MS", "its delays: milliseconds, or fast, normal or slow"),
        ("faults", None, path, "PLAN", "what is to go wrong: a .toml or .json file, or a scenario"),
        ("fill_rate", 0.7, rate, "P", "chance that an accepted order fills"),
        ("reject_rate", 0.05, rate, "P", "chance that an order is rejected"),
        ("partial_fill_rate", 0.1, rate, "P", "chance that a fill is partial"),
        ("latency_ms", 100, _LATENCY, "MS", "simulated latency; nobody sleeps"),
        ("fee_maker_bps", 1.0, _FEE, "BPS", "maker fee; below 0 it is a rebate"),
        ("fee_taker_bps", 7.0, _FEE, "BPS", "taker fee"),
        ("seed", 42, whole(0, MAX_SEED), "N", "seed of every draw"),
    ),
    "strategy": (
        ("base_qty", 0.01, number(0, 10**9, above=True), "QTY", "quantity of each order"),
        ("spread_bps", 5.0, number(0, 19_999), "BPS", "width between our buy and our sell"),
        ("requote", False, switch, "", "cancel a symbol's open orders before its next quote"),
    ),
    "risk": (
        ("max_inv", 10_000, _LIMIT, "USD", "limit of a symbol, open orders included"),
        ("max_total", 50_000, _LIMIT, "USD", "limit of all symbols, open orders included"),
        ("edge_threshold", 1.5, _BPS, "BPS", "freeze when the net edge is below this"),
        ("edge", "scripted", _MODE, "MODE", "scripted (10 to 2 bps) or computed from our fills"),
    ),
    "output": (("retain", 100_000, whole(0, MAX_STEPS), "N", "finished orders kept in memory"),),
}

SETTINGS: tuple[Setting, ...] = tuple(
    Setting(*row, group) for group, rows in _TABLE.items() for row in rows
)
BY_KEY = {setting.key: setting for setting in SETTINGS}


def resolve(given: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting's value: from the command line, else the config file, else the default."""
    resolved = {}
    for setting in SETTINGS:
        asked = given.get(setting.key)
        if asked is not None and asked is not False:
            resolved[setting.key] = setting.read(asked, setting.name)
        elif setting.key in config:
            resolved[setting.key] = config[setting.key]
        else:
            resolved[setting.key] = setting.default
    return resolved


def load_config(file: str, known: Mapping[str, Setting] = BY_KEY) -> dict[str, Any]:
    """Read and check a TOML or JSON config file; unknown keys are errors."""
    source = f"--config {path(file, '--config')}"
    if not file.endswith((".toml", ".json")):
        raise ContractError(f"--config {file!r} is neither .toml nor .json; rename the file")
    data = _load(file, source)
    if not isinstance(data, dict):
        raise ContractError(f"{source} is not a table of settings; write key = value")
    checked = {}
    for key, value in data.items():
        setting = known.get(key)
        where = f"{_pointer(key)} of {source}"
        if setting is None:
            hint = did_you_mean(key, known)
            raise ContractError(f"unknown key {_show(key)} at {where}; {hint}")
        try:
            checked[key] = setting.read(value, key)
        except ContractError as error:
            what, _, advice = str(error).partition("; ")
            raise ContractError(f"{what} at {where}; {advice}") from None
    return checked


def _load(file: str, source: str) -> Any:
    from .market.files import open_input

    with open_input(file, "--config") as opened:
        raw = opened.read(codec.MAX_BYTES + 1)
    read = codec.load_strict if file.endswith(".json") else codec.load_toml
    try:
        return read(raw, source)
    except ContractError as error:
        raise ContractError(f"{error}; correct the file") from None


def _number(value: Any, name: str, advice: str) -> Number:
    if isinstance(value, codec.Digits):
        return str.__str__(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ContractError(f"{name} {_show(value)} is not a number; {advice}")
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise ContractError(f"{name} {_show(value)} is out of range; {advice}")
    if isinstance(value, str):
        return re.sub(r"^([+-]?)\.", r"\g<1>0.", value)  # .5 is what many people type
    return value


def wrong_instant(error: ContractError, field: str) -> ContractError:
    """A refused instant, and how to write one."""
    form = "YYYY-MM-DDTHH:MM:SS[.ffffff]Z"
    return ContractError(f"{error}; write {field} as {form} or leave it out")


def same_file(one: str, other: str) -> bool:
    """Whether two names lead to one file, existing or not."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def _pointer(key: str) -> str:
    """The JSON pointer of a key."""
    return "/" + key[:_SHOWN].replace("~", "~0").replace("/", "~1")


def _show(value: Any) -> str:
    """A value for a message; an integer of a million digits stays unprinted."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"of {value.bit_length()} bits"
    return repr(value)[:_SHOWN]
