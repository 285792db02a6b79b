"""How a run ends on a command line: where its result goes, and with which exit code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .console import EXIT_HALTED, EXIT_OK, emit, say
from .reports.files import write_whole


def deliver(text: str, page: Callable[[], str], *, html: str | None, out: str | None) -> None:
    """The files that were asked for first, so that what is printed stands for all of it."""
    if html is not None:
        write_whole(html, page(), "--html")
    if out is not None:
        write_whole(out, text, "--out")
    else:
        emit(text)


def verdict(risk: dict[str, Any], *, fail_on_freeze: bool, halted_in: str | None) -> int:
    """What a halt of the journal in a folder, and --fail-on-freeze, make of a run, and why."""
    if halted_in is not None:
        say(f"error: halted: {halted_in} got a file HALT, so trading was frozen; see risk in the"
            " report")  # fmt: skip
        return EXIT_HALTED
    if not fail_on_freeze or not risk["frozen"]:
        return EXIT_OK
    why, symbol, when = (risk[f"first_freeze_{part}"] for part in ("reason", "symbol", "utc"))
    say(f"error: halted: {why} at {symbol}, {when}; see risk in the report")
    return EXIT_HALTED
