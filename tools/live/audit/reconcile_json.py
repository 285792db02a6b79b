"""A reconciliation and its two sides as JSON: decimal texts, and everything in a fixed order."""

from __future__ import annotations

from typing import Any

from ..core.codec import envelope
from ..core.contracts_v1 import Entry
from ..core.money import cash_text, text
from ..core.record import fields_of
from .reconcile_facts import Answer, LocalState, Unanswered, VenueState
from .reconcile_findings import (
    Action, AdoptBalance, AdoptFill, AdoptOrder, AdoptPosition, Cancel, Query, Reconciliation,
    Take,
)  # fmt: skip

_SCALED = frozenset({"qty", "price", "filled", "was"})
_CASH = frozenset({"amount_e18", "was_e18"})
_DO: dict[type, str] = {
    AdoptOrder: "adopt_order", AdoptFill: "adopt_fill", AdoptPosition: "adopt_position",
    AdoptBalance: "adopt_balance", Cancel: "cancel", Query: "query",
}  # fmt: skip


def reconciliation_form(result: Reconciliation) -> dict[str, Any]:
    """What `reconcile --json` prints."""
    return {
        "at_ns": str(result.at_ns),
        "outcome": result.outcome.value,
        "reason": result.reason,
        "retry_at_ns": None if result.retry_at_ns is None else str(result.retry_at_ns),
        "counts": result.counts(),
        "findings": [
            {
                "id": found.id,
                "kind": found.kind.value,
                "severity": found.severity.value,
                "about": found.about,
                "local": found.local,
                "venue": found.venue,
                "remedies": [action_form(remedy) for remedy in found.remedies],
            }
            for found in result.findings
        ],
        "unjudged": list(result.unjudged),
        "actions": [action_form(action) for action in result.actions],
    }


def action_form(action: Action) -> dict[str, Any]:
    """One thing to do: what, and its fields; an input of the line by its kind and payload."""
    if isinstance(action, Take):
        shown = envelope(Entry(0, "", 0, 0, action.event))
        return {"do": "take", "kind": shown["kind"], "payload": shown["payload"]}
    return {"do": _DO[action.__class__], **_plain(action)}


def local_form(local: LocalState) -> dict[str, Any]:
    """Our side as `reconcile --local` reads it."""
    form = _plain(local)
    form["positions"] = {name: text(qty) for name, qty in sorted(local.positions.items())}
    form["cash"] = None if local.cash is None else _money(local.cash)
    return form


def venue_form(venue: VenueState) -> dict[str, Any]:
    """The exchange's side as `reconcile --venue` reads it."""
    form = _plain(venue)
    parts = ("orders", "positions", "fills", "balances")
    silent = {part: getattr(venue, part) for part in parts}
    form["unanswered"] = {
        part: said.why for part, said in silent.items() if isinstance(said, Unanswered)
    }
    for part in form["unanswered"]:
        del form[part]
    if isinstance(venue.positions, dict):
        form["positions"] = {name: text(qty) for name, qty in sorted(venue.positions.items())}
    if isinstance(venue.balances, dict):
        form["balances"] = _money(venue.balances)
    form["answers"] = [_answer_form(answer) for answer in venue.answers]
    return form


def _answer_form(answer: Answer) -> dict[str, Any]:
    form = _plain(answer)
    silent = isinstance(answer.found, Unanswered)
    form["why"] = answer.found.why if isinstance(answer.found, Unanswered) else ""
    form["found"] = "unanswered" if silent else form["found"]
    return form


def _money(amounts: dict[str, int]) -> dict[str, str]:
    return {name: cash_text(amount) for name, amount in sorted(amounts.items())}


def _plain(one: object) -> dict[str, Any]:
    """Its fields by their names; money is written in units, so its name loses the scale."""
    return {
        name.removesuffix("_e18"): _value(name, getattr(one, name)) for name in fields_of(one)
    }


def _value(name: str, value: Any) -> Any:
    """Numbers as decimal texts, words as texts, records as objects."""
    if isinstance(value, tuple):
        return [_plain(row) for row in value]
    if value is None or isinstance(value, (bool, dict)):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        if name in _SCALED:
            return text(value)
        return cash_text(value) if name in _CASH else str(value)
    return _plain(value)
