"""What a run's journal says about the run: how it was opened, and what it came to.

`run.opened` is enough to build the fold again. A forked run names its parent there, and with it
the terms that were in force up to the fork, so that one journal replays without the other.
"""

from __future__ import annotations

import re
from typing import Any

from ..core import codec
from ..core.errors import ContractError
from ..core.money import text
from ..core.record import record
from ..edge_modes import COMPUTED, MARKOUTS, RECORDED, either
from ..fold import Fold
from ..order_store import InMemoryOrderStore
from ..portfolio.ledger import Ledger
from ..risk_monitor import RuntimeRiskMonitor
from .frame import check_name

OPENED = "run.opened"
REPORTED = "run.reported"
SOURCE = "run"

_OPENED_KEYS = (
    "about", "code_version", "config_sha256", "edge", "fees", "first_event_ns", "held_before",
    "limits", "parent", "retain", "start_ns",
)  # fmt: skip
_REPORTED_KEYS = ("events", "exchange_moved", "report_sha256", "state_sha256")
_LIMITS = ("max_symbol_e9", "max_total_e9", "threshold_bps_e9")
_FEES = ("maker_bps_e9", "taker_bps_e9")
_PARENT_KEYS = ("fees", "hash", "limits", "log_id", "parent", "seq")
_MOST_GENERATIONS = 16

_is_integer = re.compile(r"0|-?[1-9][0-9]{0,39}", re.ASCII).fullmatch
_is_hash = re.compile(r"[0-9a-f]{64}", re.ASCII).fullmatch


@record
class Terms:
    """The limits and fees that are in force, at 10^9."""

    max_symbol_e9: int
    max_total_e9: int
    threshold_bps_e9: int
    maker_bps_e9: int
    taker_bps_e9: int


@record
class Parent:
    """Where a forked run left its parent, and on what terms that one was running."""

    log_id: str
    seq: int
    hash: str
    terms: Terms
    parent: Parent | None


@record
class RunOpened:
    """How a run was opened; `terms` are in force from the fork on, or from the beginning."""

    about: dict[str, Any]
    edge: str
    start_ns: int
    first_event_ns: int
    terms: Terms
    retain: int | None
    held_before: dict[str, int]
    code_version: str
    parent: Parent | None


@record
class RunReported:
    """What a run that reached its end came to."""

    events: int
    state_sha256: str
    report_sha256: str
    exchange_moved: dict[str, int]


def read_opened(payload: Any) -> RunOpened:
    """The content of `run.opened`; a ContractError names what is wrong with it."""
    _keys(payload, _OPENED_KEYS, OPENED)
    about, retain = payload["about"], payload["retain"]
    if not isinstance(about, dict):
        raise _wrong("about", about, "an object")
    if payload["edge"] not in RECORDED:
        raise _wrong("edge", payload["edge"], either(RECORDED))
    if payload["config_sha256"] != codec.sha256(about):
        raise _wrong("config_sha256", payload["config_sha256"], "the hash of what it is about")
    if retain is not None and (type(retain) is not int or retain < 0):
        raise _wrong("retain", retain, "null or a whole number")
    if not isinstance(payload["code_version"], str):
        raise _wrong("code_version", payload["code_version"], "text")
    return RunOpened(
        about,
        payload["edge"],
        _integer(payload, "start_ns", least=0),
        _integer(payload, "first_event_ns", least=0),
        _terms(payload),
        retain,
        _quantities(payload, "held_before"),
        payload["code_version"],
        _parent(payload["parent"], _MOST_GENERATIONS),
    )


def read_reported(payload: Any) -> RunReported:
    """The content of `run.reported`; a ContractError names what is wrong with it."""
    _keys(payload, _REPORTED_KEYS, REPORTED)
    return RunReported(
        _integer(payload, "events", least=0),
        _hash(payload, "state_sha256"),
        _hash(payload, "report_sha256"),
        _quantities(payload, "exchange_moved"),
    )


def opened_payload(opened: RunOpened) -> dict[str, Any]:
    """The same as plain data, as it is recorded."""
    return {
        "about": opened.about,
        "edge": opened.edge,
        "start_ns": str(opened.start_ns),
        "first_event_ns": str(opened.first_event_ns),
        **_terms_payload(opened.terms),
        "retain": opened.retain,
        "held_before": {name: str(qty) for name, qty in opened.held_before.items()},
        "config_sha256": codec.sha256(opened.about),
        "code_version": opened.code_version,
        "parent": _parent_payload(opened.parent),
    }


def changes_of(opened: RunOpened) -> list[tuple[int, Terms]]:
    """The terms of a run, each with the seq of the line from which it is in force."""
    changes = [(0, opened.terms)]
    parent, end = opened.parent, -1
    while parent is not None:
        if end < 0 or parent.seq < end:  # a later fork may have left before this one
            end = parent.seq
            changes[-1] = (end + 1, changes[-1][1])
            changes.append((0, parent.terms))
        else:
            changes[-1] = (0, parent.terms)
        parent = parent.parent
    return changes[::-1]


def new_fold(opened: RunOpened) -> Fold:
    """A fold as it was before the first entry of the run."""
    terms = changes_of(opened)[0][1]
    monitor = RuntimeRiskMonitor(
        max_inventory_usd_per_symbol=text(terms.max_symbol_e9),
        max_total_notional_usd=text(terms.max_total_e9),
        edge_freeze_threshold_bps=text(terms.threshold_bps_e9),
        ledger=Ledger(fee_maker_bps=terms.maker_bps_e9, fee_taker_bps=terms.taker_bps_e9),
    )
    return Fold(
        InMemoryOrderStore(opened.retain),
        monitor,
        measure_edge=opened.edge == COMPUTED,
        markouts=opened.edge == MARKOUTS,
    )


def set_terms(monitor: RuntimeRiskMonitor, terms: Terms) -> None:
    """From here on a fold is bound by other limits and pays other fees."""
    monitor.set_limits(
        max_symbol_e9=terms.max_symbol_e9, max_total_e9=terms.max_total_e9,
        threshold_bps_e9=terms.threshold_bps_e9,
    )  # fmt: skip
    monitor.ledger.fee_maker_bps = terms.maker_bps_e9
    monitor.ledger.fee_taker_bps = terms.taker_bps_e9


def _terms(payload: dict[str, Any]) -> Terms:
    limits, fees = payload["limits"], payload["fees"]
    _keys(limits, _LIMITS, "limits")
    _keys(fees, _FEES, "fees")
    return Terms(
        _integer(limits, "max_symbol_e9", least=0),
        _integer(limits, "max_total_e9", least=0),
        _integer(limits, "threshold_bps_e9"),
        _integer(fees, "maker_bps_e9"),
        _integer(fees, "taker_bps_e9"),
    )


def _terms_payload(terms: Terms) -> dict[str, Any]:
    return {
        "limits": {name: str(getattr(terms, name)) for name in _LIMITS},
        "fees": {name: str(getattr(terms, name)) for name in _FEES},
    }


def _parent(told: Any, generations: int) -> Parent | None:
    if told is None:
        return None
    _keys(told, _PARENT_KEYS, "parent")
    if not generations:
        raise ContractError(f"{OPENED} names more than {_MOST_GENERATIONS} parents")
    if type(told["seq"]) is not int or told["seq"] < 1 or not isinstance(told["log_id"], str):
        raise _wrong("parent", told, "a log and a seq of its line")
    older = _parent(told["parent"], generations - 1)
    log_id = check_name(told["log_id"], f"{OPENED} parent log_id")
    return Parent(log_id, told["seq"], _hash(told, "hash"), _terms(told), older)


def _parent_payload(parent: Parent | None) -> dict[str, Any] | None:
    if parent is None:
        return None
    return {
        "log_id": parent.log_id,
        "seq": parent.seq,
        "hash": parent.hash,
        **_terms_payload(parent.terms),
        "parent": _parent_payload(parent.parent),
    }


def _keys(told: Any, names: tuple[str, ...], where: str) -> None:
    """Exactly these keys: what is missing or unknown would be a run that we do not understand."""
    if not isinstance(told, dict):
        raise _wrong(where, told, "an object")
    for name in names:
        if name not in told:
            raise ContractError(f"{where} lacks {name}; the journal is not of this program")
    for name in told:
        if name not in names:
            raise ContractError(f"{where} has {name!r:.60}, which this program does not know")


def _integer(told: dict[str, Any], name: str, *, least: int | None = None) -> int:
    digits = told[name]
    if not isinstance(digits, str) or not _is_integer(digits):
        raise _wrong(name, digits, "decimal digits as text")
    number = int(digits)
    if least is not None and number < least:
        raise _wrong(name, digits, f"{least} or more")
    return number


def _hash(told: dict[str, Any], name: str) -> str:
    found = told[name]
    if not isinstance(found, str) or not _is_hash(found):
        raise _wrong(name, found, "64 hexadecimal digits")
    return found


def _quantities(payload: dict[str, Any], name: str) -> dict[str, int]:
    told = payload[name]
    if not isinstance(told, dict):
        raise _wrong(name, told, "an object")
    return {symbol: _integer(told, symbol) for symbol in told}


def _wrong(name: str, found: Any, rule: str) -> ContractError:
    return ContractError(f"the run's {name} {found!r:.60} is not {rule}")
