"""The settings of a backtest: those of the demo, and what a backtest needs beside them.

A config is a dict of all of them that JSON can hold: it decides the run, so its hash names it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from . import settings
from .console import did_you_mean
from .core.clock import NS_PER_S, parse_utc
from .core.errors import ContractError
from .core.money import SCALE, to_e9, view
from .edge_modes import COMPUTED
from .exchange_choice import FAKE, SIMULATED, check_choice
from .settings import Setting, number, whole

START = "2025-01-01T00:00:00Z"
_DAY_S = 86_400
_FORM = "+SECONDS from the beginning, or YYYY-MM-DDTHH:MM:SS[.ffffff]Z"
_OFFSET = re.compile(r"\+([0-9]{1,10}(?:\.[0-9]{1,9})?)", re.ASCII)


def instant(value: Any, name: str) -> str:
    """An instant in UTC, or seconds from the beginning of the market such as +30."""
    if isinstance(value, str) and not _OFFSET.fullmatch(value):
        try:
            parse_utc(value, name)
        except ContractError as error:
            raise ContractError(f"{error}; write {name} as {_FORM}") from None
    elif not isinstance(value, str):
        raise ContractError(f"{name} {value!r:.60} is no text; write it as {_FORM}")
    return value


def beginning(value: Any, name: str) -> str:
    """An instant in UTC; nothing is there to count from."""
    written = instant(value, name)
    if _OFFSET.fullmatch(written):
        raise ContractError(f"{name} {written!r} counts from a beginning; write it as {START}")
    return written


def instant_ns(written: str | None, begin_ns: int, name: str) -> int | None:
    """What an instant means for a market that begins then."""
    if written is None:
        return None
    offset = _OFFSET.fullmatch(written)
    if offset is None:
        return parse_utc(written, name)
    return begin_ns + to_e9(offset[1], name) * NS_PER_S // SCALE


def grid_ns(config: Mapping[str, Any]) -> int:
    """The period at which the equity is sampled."""
    return to_e9(config["grid"], "--grid") * NS_PER_S // SCALE


def year_ns(config: Mapping[str, Any]) -> int:
    """The time in which a year trades."""
    days: int = config["year_days"]
    return days * _DAY_S * NS_PER_S


_CAPITAL = number(0, 10**12, above=True)
_TABLE: dict[str, tuple[tuple[str, Any, settings.Read, str, str], ...]] = {
    "market": (
        ("from", None, instant, "INSTANT", "begin --market there; +30 is 30 s behind its start"),
        ("until", None, instant, "INSTANT", "end before it"),
        ("start", START, beginning, "INSTANT", "when the synthetic market begins"),
    ),
    "figures": (
        ("capital", None, _CAPITAL, "USD", "of what returns are (--max-total)"),
        ("grid", 1, number(0, _DAY_S, above=True), "SECONDS", "period of Sharpe and Sortino"),
        ("year_days", 365, whole(1, 366), "N", "trading days of a year, for the same"),
    ),
}  # fmt: skip
OWN = tuple(Setting(*row, group) for group, rows in _TABLE.items() for row in rows)
_DEFAULTS = {"exchange": SIMULATED, "terms": "fast"}  # other than those of the demo
_OF_THE_FAKE = ("fill_rate", "reject_rate", "partial_fill_rate", "latency_ms")
_GROUPS = ("market", "exchange", "strategy", "risk", "figures", "output")


def _of_a_backtest(one: Setting) -> Setting:
    """A setting of the demo with the default of a backtest."""
    default = _DEFAULTS.get(one.key, one.default)
    return Setting(one.key, default, one.read, one.metavar, one.help, one.group)


SETTINGS = tuple(
    one for group in _GROUPS for one in (*map(_of_a_backtest, settings.SETTINGS), *OWN)
    if one.group == group
)
BY_KEY = {one.key: one for one in SETTINGS}
_ALONE = ("iterations", "start")  # of the synthetic market
_OF_A_MARKET = ("source", "from", "until")
_EXACT = (
    "fee_maker_bps", "fee_taker_bps", "base_qty", "spread_bps", "max_inv", "max_total",
    "edge_threshold", "capital", "grid",
)  # fmt: skip


def config_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a run, each as JSON has it; a ContractError names what cannot be."""
    for key in given:
        if key not in BY_KEY:
            raise ContractError(f"unknown setting {key!r:.60}; {did_you_mean(str(key), BY_KEY)}")
    config: dict[str, Any] = {}
    for key, setting in BY_KEY.items():
        asked = given.get(key)
        value = setting.default if asked is None else setting.read(asked, setting.name)
        config[key] = _plain(key, value)
    _check_market(given, config)
    _check_exchange(given, config)
    if config["capital"] is None:
        config["capital"] = config["max_total"]
    return config


def _check_market(given: Mapping[str, Any], config: dict[str, Any]) -> None:
    """Which market it is, and that nothing is said of another."""
    recorded = [f"--{key}" for key in ("quotes", "market") if config[key] is not None]
    if len(recorded) > 1:
        raise ContractError("--quotes and --market are two markets; leave one out")
    if config["market"] is None:
        for key in _OF_A_MARKET:
            if config[key] is not None:
                raise ContractError(f"--{key} says how to read --market; name one")
    for key in _ALONE if recorded else ():
        if given.get(key) is not None:
            raise ContractError(f"--{key} does not go with {recorded[0]}; leave one out")
        config[key] = None
    if recorded and given.get("symbols") is None:
        config["symbols"] = None
    if config["market"] is not None and given.get("edge") is None:
        config["edge"] = COMPUTED  # a script knows nothing of what was recorded
    if config["symbols"] == []:
        raise ContractError("--symbols names none; write BTCUSDT,ETHUSDT")


def _check_exchange(given: Mapping[str, Any], config: dict[str, Any]) -> None:
    """What is said of the other exchange means nothing."""
    if config["exchange"] == FAKE and given.get("terms") is None:
        config["terms"] = None
    check_choice(config, [key for key in given if given[key] is not None])
    for key in () if config["exchange"] == FAKE else _OF_THE_FAKE:
        config[key] = None


def _plain(key: str, value: Any) -> Any:
    """One spelling a value: 5, "5" and 5.0 are one number."""
    if value is None or key not in _EXACT:
        return value
    scaled = to_e9(value, key)
    return scaled // SCALE if scaled % SCALE == 0 else view(scaled)
