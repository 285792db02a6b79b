"""The settings of a demo run: one table for the command line, the config file and the help.

A value is parsed once, strictly, and named in the message when it is refused. The command line
wins over the config file, and the config file over the defaults.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from .console import did_you_mean
from .core import codec
from .core.errors import ContractError
from .core.money import SCALE, Number, to_e9
from .core.record import record
from .exchange import MAX_LATENCY_MS
from .market.synthetic import MAX_STEPS, checked_symbols

MAX_SEED = 2**63 - 1
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)

Read = Callable[[Any, str], Any]


@record
class Setting:
    """One setting: its key in a config file, its flag, default, reader and help text."""

    key: str
    default: Any
    read: Read
    metavar: str
    help: str

    @property
    def flag(self) -> str:
        return "--" + self.key.replace("_", "-")


class TomlFloat(str):
    """The digits of a TOML float, kept as written until they are converted once."""


def whole(lowest: int, highest: int) -> Read:
    """A reader of whole numbers in a range."""

    def read(value: Any, name: str) -> int:
        if isinstance(value, str) and not isinstance(value, TomlFloat) and _WHOLE.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise ContractError(f"{name} {_show(value)} is not a whole number from {lowest} to {highest}")
        return value

    return read


def number(lowest: int, highest: int, *, above: bool = False) -> Read:
    """A reader of exact decimal numbers in a range; `above` leaves the lower end out."""

    def read(value: Any, name: str) -> Number:
        scaled = to_e9(_number(value, name), name)
        low = lowest * SCALE
        if scaled > highest * SCALE or scaled < low or (above and scaled == low):
            start = f"above {lowest}" if above else f"from {lowest}"
            raise ContractError(f"{name} {_show(value)} is not a number {start} to {highest}")
        return str(value) if isinstance(value, TomlFloat) else value

    return read


def rate(value: Any, name: str) -> float:
    """A probability."""
    number(0, 1)(value, name)
    return float(value)


def symbols(value: Any, name: str) -> list[str] | None:
    """Comma-separated text or a list of names; empty parts are dropped."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ContractError(f"{name} {_show(value)} is not a list of symbols such as BTCUSDT,ETHUSDT")
    names = [part.strip() for part in parts if part.strip()]
    return checked_symbols(names) if names else []


def choice(*allowed: str) -> Read:
    """A reader of one word out of a few."""

    def read(value: Any, name: str) -> str:
        if value not in allowed or not isinstance(value, str):
            hint = did_you_mean(str(value)[:60], allowed)
            raise ContractError(f"{name} {_show(value)} is not one of {', '.join(allowed)}; {hint}")
        return value

    return read


def path(value: Any, name: str) -> str:
    """A file name."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise ContractError(f"{name} {_show(value)} is not a file name")
    if "${" in value:
        raise ContractError(f"{name} {_show(value)}: variables are not replaced here; write it out")
    return value


def switch(value: Any, name: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ContractError(f"{name} {_show(value)} is not true or false")
    return value


_LIMIT = number(0, 10**12)
_FEE = number(-1000, 1000)

SETTINGS: tuple[Setting, ...] = (
    Setting("symbols", ["BTCUSDT", "ETHUSDT"], symbols, "A,B", "symbols to trade, comma-separated"),
    Setting("iterations", 50, whole(1, MAX_STEPS), "N", "steps of the synthetic market"),
    Setting("max_inv", 10_000, _LIMIT, "USD", "limit for each symbol, open orders included"),
    Setting("max_total", 50_000, _LIMIT, "USD", "limit for all symbols, open orders included"),
    Setting("edge_threshold", 1.5, number(-10_000, 10_000), "BPS", "freeze below this net edge"),
    Setting("fill_rate", 0.7, rate, "P", "chance that an accepted order fills"),
    Setting("reject_rate", 0.05, rate, "P", "chance that the exchange rejects an order"),
    Setting("partial_fill_rate", 0.1, rate, "P", "chance that a fill is partial"),
    Setting("latency_ms", 100, whole(0, MAX_LATENCY_MS), "MS", "simulated latency; nobody sleeps"),
    Setting("seed", 42, whole(0, MAX_SEED), "N", "seed of the fake exchange"),
    Setting("base_qty", 0.01, number(0, 10**9, above=True), "QTY", "quantity of each order"),
    Setting("spread_bps", 5.0, number(0, 19_999), "BPS", "width between our buy and our sell"),
    Setting("fee_maker_bps", 1.0, _FEE, "BPS", "maker fee; below 0 it is a rebate"),
    Setting("fee_taker_bps", 7.0, _FEE, "BPS", "taker fee"),
    Setting("edge", "scripted", choice("scripted", "computed"), "MODE", "scripted (10 to 2 bps) or computed from our fills"),
    Setting("requote", False, switch, "", "cancel a symbol's resting orders before its next quote"),
    Setting("quotes", None, path, "FILE", "recorded quotes (CSV or JSON Lines) instead of the synthetic market"),
    Setting("retain", 100_000, whole(0, MAX_STEPS), "N", "finished orders to keep in memory"),
)  # fmt: skip
BY_KEY = {setting.key: setting for setting in SETTINGS}


def resolve(given: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting's value: from the command line, else the config file, else the default."""
    resolved = {}
    for setting in SETTINGS:
        if given.get(setting.key) is not None:
            resolved[setting.key] = setting.read(given[setting.key], setting.flag)
        elif setting.key in config:
            resolved[setting.key] = config[setting.key]
        else:
            resolved[setting.key] = setting.default
    return resolved


def load_config(file: str) -> dict[str, Any]:
    """Read and check a TOML or JSON config file; unknown keys are errors."""
    with open(path(file, "--config"), "rb") as opened:
        raw = opened.read(codec.MAX_BYTES + 1)
    data = codec.load_strict(raw, file) if file.endswith(".json") else _load_toml(raw, file)
    if not isinstance(data, dict):
        raise ContractError(f"{file} is not a table of settings")
    checked = {}
    for key, value in data.items():
        setting = BY_KEY.get(key)
        if setting is None:
            hint = did_you_mean(key, BY_KEY)
            raise ContractError(f"{file}: unknown key {_show(key)} at /{key:.60}; {hint}")
        checked[key] = setting.read(value, f"{file}: /{key}")
    return checked


def _load_toml(raw: bytes, file: str) -> Any:
    import tomllib

    if not file.endswith(".toml"):
        raise ContractError(f"--config {file!r} must end in .toml or .json")
    if len(raw) > codec.MAX_BYTES:
        raise ContractError(f"{file} is larger than {codec.MAX_BYTES} bytes")
    try:
        return tomllib.loads(raw.decode("utf-8"), parse_float=TomlFloat)
    except UnicodeDecodeError as error:
        raise ContractError(f"{file} is not UTF-8 at byte {error.start}") from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ContractError(f"{file} is not TOML: {error}") from None


def _number(value: Any, name: str) -> Number:
    if isinstance(value, TomlFloat):
        return str(value)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ContractError(f"{name} {_show(value)} is not a number")
    return value


def same_file(one: str, other: str) -> bool:
    """Whether two names lead to one file, existing or not."""
    return os.path.realpath(one) == os.path.realpath(other)


def _show(value: Any) -> str:
    return repr(value)[:60]
