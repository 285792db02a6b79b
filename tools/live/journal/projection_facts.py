"""Records to values for the projection: the fields of an event, and what a log says of itself."""

from __future__ import annotations

from typing import Any, TypeAlias

from ..core.codec import canonical, key_of
from ..core.contracts_v1 import Approved, parse_side
from ..core.errors import ContractError
from ..core.money import text
from ..core.record import declared_types, fields_of
from .frame import SYSTEM
from .projection_rows import Rows
from .reader import Record
from .run_facts import changes_of, read_opened, read_reported

# The keys of a payload in their order, and those of them that may be null.
Names: TypeAlias = tuple[list[str], frozenset[str]]
# From which seq of the line on which maker and taker fees are in force, at 10^9 basis points.
Fees: TypeAlias = list[tuple[int, int, int]]


def names_of(kind: type[Any]) -> Names:
    """The payload keys of a contract, as it is recorded."""
    types = kind.__annotations__ if kind is Approved else declared_types(kind)
    fields = {key_of(name.removesuffix("_e9")): str(types[name]) for name in fields_of(kind)}
    del fields["ts_ns"]
    return sorted(fields), frozenset(n for n in fields if fields[n].endswith("| None"))


def read_fields(one: Record, names: Names) -> list[Any]:
    """The values of a payload in the order of their keys: text each, or null where it may be."""
    payload = one.payload()
    keys, optional = names
    if payload.__class__ is not dict or list(payload) != keys:
        raise ContractError(f"it must have the fields {', '.join(keys)} in this order")
    values = list(payload.values())
    for name, value in payload.items():
        if value.__class__ is not str and not (value is None and name in optional):
            raise ContractError(f"{name} {value!r:.60} is not text")
    return values


def check_side(side: str) -> None:
    """A ContractError unless it is Buy or Sell in exactly this spelling."""
    if parse_side(side) != side:
        raise ContractError(f"side {side!r:.60} is neither Buy nor Sell")


def note_log(rows: Rows, one: Record) -> None:
    """A record of the log about itself."""
    told = one.payload()
    torn = told.get("torn_bytes", 0) if isinstance(told, dict) else 0
    if type(torn) is not int:
        raise ContractError(f"torn_bytes {torn!r:.60} is not a whole number")
    rows.change(
        "INSERT INTO recovery (log_seq, ts_ns, event, torn_bytes, detail) VALUES (?, ?, ?, ?, ?)",
        one.seq, one.ts, one.topic.removeprefix(f"{SYSTEM}."), torn, canonical(told),
    )  # fmt: skip


def note_opening(rows: Rows, one: Record) -> tuple[Fees, int | None]:
    """How the run was opened; returns its fees, and how many ended orders it remembers."""
    payload = one.payload()
    opened = read_opened(payload)
    parent = opened.parent
    rows.change(
        "INSERT INTO run (id, edge, start_ns, config_sha256, code_version, retain,"
        " parent_log_id, parent_seq, about) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",
        opened.edge, opened.start_ns, payload["config_sha256"], opened.code_version,
        opened.retain, parent and parent.log_id, parent and parent.seq, canonical(opened.about),
    )  # fmt: skip
    fees: Fees = []
    for seq, terms in changes_of(opened):
        fees.append((seq, terms.maker_bps_e9, terms.taker_bps_e9))
        rows.change(
            "INSERT INTO terms (from_seq, max_symbol, max_total, threshold_bps, maker_bps,"
            " taker_bps) VALUES (?, ?, ?, ?, ?, ?)",
            seq, text(terms.max_symbol_e9), text(terms.max_total_e9), text(terms.threshold_bps_e9),
            text(terms.maker_bps_e9), text(terms.taker_bps_e9),
        )  # fmt: skip
    return fees, opened.retain


def note_report(rows: Rows, one: Record) -> None:
    """What the run came to."""
    told = read_reported(one.payload())
    rows.change(
        "UPDATE run SET events = ?, state_sha256 = ?, report_sha256 = ?",
        told.events, told.state_sha256, told.report_sha256,
    )  # fmt: skip
