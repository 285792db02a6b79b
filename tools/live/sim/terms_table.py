"""The terms of a simulated exchange as they are written down: a table in TOML or JSON.

    queue = "power:2"
    delays = "normal"
    self_trade = "cancel_newest"

    [fees]
    model = "flat"
    maker_bps = -0.5
    taker_bps = 4

    [rules.BTCUSDT]
    tick = 0.01

Numbers are converted once, from their digits. What is left out is as `Terms` has it. A key that
nobody knows is refused with the one that was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from ..core.clock import NS_PER_MS, NS_PER_S
from ..core.codec import Digits, load_strict, load_toml
from ..core.errors import ContractError
from ..core.money import SCALE, positive_e9, to_e9
from ..core.record import fields_of
from .bar_terms import KEYS, bars_of_table, cap_of, not_bars, part_of, ticks_of
from .bars import BarRules, SameBar
from .delays import PRESETS, Constant, Delay, Delays, Empirical, Uniform
from .fee_tables import us_equity_fees, us_option_fees
from .fees import Fees, FlatFees, PerUnitFees, SumOfFees, Tier, TieredFees
from .funding import ConstantRate, Funding
from .liquidity import LiquidityRule
from .orders import SelfTrade
from .queue import queue_model
from .rule_tables import rules_of
from .session import DailyHours, Outside, Sessions
from .slippage import FixedBps, Slippage, SpreadBased, VolumeImpact
from .terms import BarsHeard, Terms
from .triggers import TriggerBy

Word = TypeVar("Word", bound=Enum)

_NS_PER_HOUR = 3600 * NS_PER_S
_MOST_RETAINED = 10**9
_MOST_HOURS = 8760


def read_terms(raw: bytes, named: str, *, toml: bool) -> Terms:
    """The terms that a text tells; a ContractError names what is wrong with it."""
    return terms_of(load_toml(raw, named) if toml else load_strict(raw, named, digits=True), named)


def terms_of(told: Any, named: str) -> Terms:
    """The same of a table that was read: numbers with a point are `Digits`, or text."""
    table = _table(told, tuple(_READERS), named)
    said: dict[str, Any] = {}
    quantities = {}
    for key, value in table.items():
        where = f"{key} of {named}"
        name, read = _READERS[key]
        if name in _LIQUIDITY:
            quantities[name] = read(value, where)
        else:
            said[name] = read(value, where)
    if quantities:
        said["liquidity"] = LiquidityRule(**quantities).checked()
    return _agreeing(Terms(**said), named)


def delays_of(told: Any, where: str) -> Delays:
    """The name of a preset, milliseconds for every way, or a table with the ways apart."""
    if isinstance(told, str) and not isinstance(told, Digits):
        if told not in PRESETS:
            raise ContractError(f"{where} {told!r:.60} is unknown; {_hint(told, tuple(PRESETS))}")
        return PRESETS[told]
    if not isinstance(told, dict):
        one = _delay(told, where)
        return Delays(one, one, one, one, one, one)
    table = _table(told, ("preset", *_WAYS), where)
    preset = delays_of(table["preset"], f"preset of {where}") if "preset" in table else Delays()
    ways = {
        way: _delay(table[key], f"{key} of {where}") if key in table else getattr(preset, way)
        for key, way in _WAYS.items()
    }
    return Delays(**ways)


def delays_in_words(text: str, where: str) -> Delays:
    """The same in a word: the name of a preset, or milliseconds."""
    return delays_of(Digits(text) if text[:1].isdigit() else text, where)


def with_parts(terms: Terms, parts: Mapping[str, Any]) -> Terms:
    """The terms with some of them changed."""
    return Terms(*(parts.get(name, getattr(terms, name)) for name in fields_of(terms)))


def _agreeing(terms: Terms, named: str) -> Terms:
    """The terms, unless they fill an order both inside bars and at once."""
    if terms.liquidity.full and isinstance(terms.bars, BarRules):
        raise ContractError(f"liquidity 'full' of {named} fills orders at once, and bars at their"
                            " end; leave one of them out")  # fmt: skip
    return terms


_WAYS = {
    "submit_ms": "submit", "acknowledge_ms": "acknowledge", "fill_ms": "fill",
    "cancel_ms": "cancel", "cancel_answer_ms": "cancel_answer", "feed_ms": "feed",
}  # fmt: skip


def _delay(told: Any, where: str) -> Delay:
    """A number of milliseconds, a list of two from which to which, or a sample of many."""
    if not isinstance(told, list):
        return Constant(_ns(told, where))
    times = [_ns(one, where) for one in told]
    return Uniform(*times) if len(times) == 2 else Empirical(times)


def _slippage(told: Any, where: str) -> Slippage:
    model, table = _model(told, tuple(_SLIPPAGES), where)
    made, fields = _SLIPPAGES[model]
    table = _table(table, (*fields, "tick"), where)
    said = {name: _digits(table[name], f"{name} of {where}") for name in fields if name in table}
    tick = _e9(table["tick"], f"tick of {where}") if "tick" in table else 0
    return made(**said, tick=tick)


_SLIPPAGES: dict[str, tuple[Callable[..., Slippage], tuple[str, ...]]] = {
    "fixed_bps": (FixedBps, ("bps",)),
    "spread": (SpreadBased, ("share",)),
    "volume_impact": (VolumeImpact, ("volume", "factor")),
}


def _fees(told: Any, where: str) -> Fees:
    """One schedule, or a list of them that are all charged."""
    if isinstance(told, list):
        if not told:
            raise ContractError(f"{where} is an empty list; leave it out")
        return SumOfFees(*(_fees(one, f"{where}, item {n}") for n, one in enumerate(told, 1)))
    model, table = _model(told, tuple(_FEES), where)
    return _FEES[model](table, where)


def _fee_maker(told: Any, where: str) -> Callable[[], Fees]:
    """What makes the schedule of each life of the exchange; that it can is seen now."""
    _fees(told, where)
    return partial(_fees, told, where)


def _flat(told: dict[str, Any], where: str) -> Fees:
    table = _table(told, ("maker_bps", "taker_bps"), where)
    return FlatFees(**{name: _digits(table[name], f"{name} of {where}") for name in table})


def _tiers(told: dict[str, Any], where: str) -> Fees:
    table = _table(told, ("tiers", "volume"), where)
    rows = table.get("tiers")
    if not isinstance(rows, list) or not all(isinstance(r, list) and len(r) == 3 for r in rows):
        raise ContractError(f"tiers of {where} is no list of [volume, maker_bps, taker_bps]")
    tiers = [Tier(*(_digits(one, f"tiers of {where}") for one in row)) for row in rows]
    return TieredFees(tiers, volume=_digits(table.get("volume", 0), f"volume of {where}"))


def _per_unit(told: dict[str, Any], where: str) -> Fees:
    table = _table(told, ("rate", "minimum", "most_bps", "unit_size"), where)
    if "rate" not in table:
        raise ContractError(f"{where} has no rate; write rate = 0.005")
    said = {
        name: _digits(table[name], f"{name} of {where}")
        for name in ("rate", "minimum", "most_bps") if name in table
    }  # fmt: skip
    return PerUnitFees(**said, unit_size=table.get("unit_size", 1))


def _us_equity(told: dict[str, Any], where: str) -> Fees:
    _table(told, (), where)
    return us_equity_fees()


def _us_option(told: dict[str, Any], where: str) -> Fees:
    table = _table(told, ("contract_size",), where)
    return us_option_fees(contract_size=table.get("contract_size", 100))


_FEES: dict[str, Callable[[dict[str, Any], str], Fees]] = {
    "flat": _flat, "tiers": _tiers, "per_unit": _per_unit, "us_equity": _us_equity,
    "us_option": _us_option,
}  # fmt: skip


def _funding(told: Any, where: str) -> Funding:
    table = _table(told, ("rate_bps", "every_hours", "offset_hours"), where)
    if "rate_bps" not in table:
        raise ContractError(f"{where} has no rate_bps; write rate_bps = 1")
    hours = {name: _whole(table.get(name, default), f"{name} of {where}", _MOST_HOURS)
             for name, default in (("every_hours", 8), ("offset_hours", 0))}  # fmt: skip
    rate = ConstantRate(_digits(table["rate_bps"], f"rate_bps of {where}"))
    return Funding(
        rate, every_ns=hours["every_hours"] * _NS_PER_HOUR,
        offset_ns=hours["offset_hours"] * _NS_PER_HOUR,
    )  # fmt: skip


def _sessions(told: Any, where: str) -> Sessions:
    table = _table(told, ("opens", "closes", "weekdays", "since", "days"), where)
    for name in ("opens", "closes"):
        if not isinstance(table.get(name), str):
            raise ContractError(f'{where} has no {name}; write {name} = "14:30"')
    since = {day: _hours(hours, where) for day, hours in _days(table, "since", where)}
    days = {day: _hours(hours, where) if hours else None
            for day, hours in _days(table, "days", where)}  # fmt: skip
    said: dict[str, Any] = {"since": since, "days": days}
    if "weekdays" in table:
        said["weekdays"] = _names(table["weekdays"], f"weekdays of {where}")
    return DailyHours(table["opens"], table["closes"], **said)


def _days(table: Mapping[str, Any], name: str, where: str) -> list[tuple[str, Any]]:
    told = table.get(name, {})
    if not isinstance(told, dict):
        raise ContractError(f'{name} of {where} is no table of days; write "2026-12-25" = []')
    return list(told.items())


def _hours(told: Any, where: str) -> tuple[str, str]:
    names = _names(told, f"the hours of a day of {where}")
    if len(names) != 2:
        raise ContractError(f'the hours of a day of {where} are not ["14:30", "18:00"]')
    return names[0], names[1]


def _names(told: Any, where: str) -> Sequence[str]:
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        raise ContractError(f"{where} is no list of texts")
    return told


def _rules(told: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(told, dict):
        raise ContractError(f"{where} is no table of symbols; write [rules.BTCUSDT]")
    return {name: rules_of(one, f"rules of {name[:40]!r} of {where}") for name, one in told.items()}


def _bars(told: Any, where: str) -> BarRules | BarsHeard:
    if not isinstance(told, dict):
        return not_bars(told, where)
    return bars_of_table(_table(told, KEYS, where), where, _OF_BARS)


def _word(kind: type[Word]) -> Callable[[Any, str], Word]:
    def read(told: Any, where: str) -> Word:
        words = tuple(one.value for one in kind)
        if told not in words:
            raise ContractError(f"{where} {told!r:.60} is unknown; {_hint(str(told), words)}")
        return kind(told)

    return read


def _switch(told: Any, where: str) -> bool:
    if not isinstance(told, bool):
        raise ContractError(f"{where} {told!r:.60} is not true or false")
    return told


def _full(told: Any, where: str) -> bool:
    if told not in ("full", "displayed"):
        raise ContractError(f"{where} {told!r:.60} is neither 'displayed' nor 'full'")
    return bool(told == "full")


def _text(told: Any, where: str) -> str:
    if not isinstance(told, str) or isinstance(told, Digits) or not told:
        raise ContractError(f"{where} {told!r:.60} is no text")
    return told


def _cash(told: Any, where: str) -> int:
    return _e9(told, where) * SCALE


def _retained(told: Any, where: str) -> int:
    return _whole(told, where, _MOST_RETAINED)


def _whole(told: Any, where: str, most: int) -> int:
    if type(told) is not int or not 0 <= told <= most:
        raise ContractError(f"{where} {told!r:.60} is not a whole number from 0 to {most}")
    return told


def _ns(told: Any, where: str) -> int:
    """Milliseconds with up to six decimals."""
    ns = _e9(told, where) * NS_PER_MS
    if ns % SCALE:
        raise ContractError(f"{where} {told!s:.60} has parts of a nanosecond; round it")
    return ns // SCALE


def _e9(told: Any, where: str) -> int:
    return to_e9(_digits(told, where), where)


def _digits(told: Any, where: str) -> str:
    """A number as it was written; text is none."""
    if isinstance(told, bool) or not isinstance(told, (int, Digits)):
        raise ContractError(f"{where} {told!r:.60} is not a number; write it without quotes")
    return str(told)


def _seconds(told: Any, where: str) -> int:
    """Above 0, with up to nine decimals."""
    return positive_e9(_digits(told, where), where)


def _model(told: Any, known: tuple[str, ...], where: str) -> tuple[str, dict[str, Any]]:
    """Which model a table is of, and the rest of it."""
    if not isinstance(told, dict) or "model" not in told:
        raise ContractError(f"{where} has no model; write model = {known[0]!r}")
    model = told["model"]
    if model not in known:
        hint = _hint(str(model), known)
        raise ContractError(f"model {model!r:.60} of {where} is unknown; {hint}")
    return model, {name: told[name] for name in told if name != "model"}


def _table(told: Any, known: tuple[str, ...], where: str) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise ContractError(f"{where} is no table; write its keys and values")
    for key in told:
        if key not in known:
            raise ContractError(f"key {key[:60]!r} of {where} is unknown; {_hint(key, known)}")
    return told


def _hint(word: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(word[:60], known, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known are {', '.join(known)}" if known else "it has none"


_OF_BARS: dict[str, Callable[[Any, str], Any]] = {
    "same_bar": _word(SameBar), "volume_cap_bps": cap_of, "late_bps": part_of,
    "verify_ticks": ticks_of, "tick": _e9, "every_seconds": _seconds,
    "entry": _slippage, "stop": _slippage, "target": _slippage,
}  # fmt: skip
_LIQUIDITY = ("full", "unknown_qty", "unknown_ahead")
# What each key of the table is in `Terms`, or in its rule of liquidity, and who reads it.
_READERS: dict[str, tuple[str, Callable[[Any, str], Any]]] = {
    "queue": ("queue", lambda told, where: queue_model(_text(told, where))),
    "liquidity": ("full", _full),
    "unknown_qty": ("unknown_qty", _e9),
    "unknown_ahead": ("unknown_ahead", _e9),
    "partial": ("partial", _switch),
    "slippage": ("slippage", _slippage),
    "delays": ("delays", delays_of),
    "fees": ("fees", _fee_maker),
    "explain": ("explain", _switch),
    "funding": ("funding", _funding),
    "rules": ("rules", _rules),
    "only_listed": ("only_listed", _switch),
    "sessions": ("sessions", _sessions),
    "outside": ("outside", _word(Outside)),
    "self_trade": ("self_trade", _word(SelfTrade)),
    "trigger_by": ("trigger_by", _word(TriggerBy)),
    "cash": ("cash_e18", _cash),
    "currency": ("currency", _text),
    "retain": ("retain", _retained),
    "bars": ("bars", _bars),
}
