"""The figures that a run of the simulation ends with."""

from __future__ import annotations

from collections import Counter

SHOWN = (
    "seeds", "lives", "lives, done", "lives, crashed", "lives, faulted", "crash points", "crashes",
    "crashes inside recovery", "kill -9", "power loss", "torn files", "sync errors",
    "write errors", "short writes", "read errors", "names errors", "planted faults", "halts",
    "bit flips", "bit flips refused", "damages at rest", "mutants", "mutants killed",
)  # fmt: skip
LABELS = {
    "sync errors": "EIO at a sync", "write errors": "ENOSPC at a write",
    "read errors": "EIO at a read", "names errors": "errors at a name",
    "halts": "halts that the next start respected", "torn files": "files torn by a power loss",
}  # fmt: skip


def table(figures: Counter[str]) -> list[str]:
    """One line a figure, what was never counted left out."""
    shown = [(LABELS.get(name, name), figures[name]) for name in SHOWN if figures[name]]
    width = max((len(label) for label, _ in shown), default=0)
    return [f"{label:<{width}}  {count:>9,}" for label, count in shown]
