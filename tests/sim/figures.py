"""The figures that a run of the simulation, and of the real processes beside it, ends with."""

from __future__ import annotations

from collections import Counter

SHOWN = (
    "seeds", "lives", "lives, done", "lives, crashed", "lives, faulted", "lives, refused",
    "crash points", "crashes", "crashes inside recovery", "kill -9", "power loss", "torn files",
    "sync errors", "write errors", "short writes", "read errors", "names errors",
    "planted faults", "refusals", "halts", "clocks", "bit flips", "bit flips refused",
    "damages at rest", "processes killed", "processes without a disk",
    "durable seeds", "durable lives", "faults of the line", "orders", "orders checked when sent",
    "executions", "reconciliations", "of troubled ones, ready", "of troubled ones, halted",
)  # fmt: skip
LABELS = {
    "sync errors": "EIO at a sync", "write errors": "ENOSPC at a write",
    "read errors": "EIO at a read", "names errors": "errors at a name",
    "torn files": "files torn by a power loss", "halts": "halts that the next start respected",
    "clocks": "runs under a clock that jumps", "processes killed": "real processes killed",
    "processes without a disk": "real processes whose disk failed",
}  # fmt: skip
TRIED, KILLED = "mutants", "mutants killed"


def table(figures: Counter[str]) -> list[str]:
    """One line a figure: what was never counted is left out, what was counted never is."""
    others = sorted(name for name in figures if name not in (*SHOWN, TRIED, KILLED))
    counted = [name for name in (*SHOWN, *others) if figures[name]]
    shown = [(LABELS.get(name, name), f"{figures[name]:,}") for name in counted]
    if figures[TRIED]:
        shown.append((KILLED, f"{figures[KILLED]}/{figures[TRIED]}"))
    width = max((len(label) for label, _ in shown), default=0)
    return [f"{label:<{width}}  {count:>9}" for label, count in shown]
