"""Checkpoints of earlier versions, brought up to date one version at a time.

A migration is a pure function of the whole content (without its hash) from one version to the next.
It is written once, when the form changes, and with it a checkpoint of the old version becomes a
golden that every later release must still load.

Version 2 added to a run's state how the run was opened, the digest of its line, and the orders in
doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ..core.errors import InvariantBroken

Migration: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]

VERSION = 2

_NO_DOUBTS = {
    "outbox": {"cancels_due_ns": None, "cancels_tried": 0, "doubts": []},
    "ready": True,
}


def _from_1(content: dict[str, Any]) -> dict[str, Any]:
    """What version 1 did not say is unknown; what was no run's state stays as it is."""
    state = content.get("state")
    if isinstance(state, dict) and "line_seq" in state:
        fold = {**state["fold"], "fold": {**state["fold"]["fold"], **_NO_DOUBTS}}
        state = {**state, "fold": fold, "line_digest": None, "opened": None}
        content = {**content, "state": state}
    return content


MIGRATIONS: Mapping[int, Migration] = {1: _from_1}  # by the version that they start from


def migrate(
    content: dict[str, Any], *, table: Mapping[int, Migration] = MIGRATIONS, version: int = VERSION
) -> dict[str, Any]:
    """The content in the form of `version`; what is given stays as it is."""
    while content["version"] < version:
        known = content["version"]
        if known not in table:
            raise InvariantBroken(f"no migration leads from checkpoint version {known} to the next")
        content = {**table[known](content), "version": known + 1}
    return content
