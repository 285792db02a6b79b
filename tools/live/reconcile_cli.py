"""Hold our books against the exchange's, both from files: `python -m tools.live reconcile`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from .audit.reconcile import reconcile
from .audit.reconcile_facts import OnMismatch, Policy
from .audit.reconcile_files import read_local, read_venue
from .audit.reconcile_findings import (
    Action, AdoptFill, AdoptOrder, AdoptPosition, Cancel, Finding, Outcome, Query,
    Reconciliation, Take,
)  # fmt: skip
from .audit.reconcile_json import action_form, reconciliation_form
from .console import (
    DEBUG, EXIT_CHECK_FAILED, EXIT_HALTED, EXIT_OK, HELP, Flag, Parser, Usage, emit, run,
)  # fmt: skip
from .core import codec
from .core.clock import NS_PER_MS, render_utc
from .core.errors import ContractError
from .core.money import cash_text, text
from .market.files import open_input
from .settings import choice, path, whole

PROG = "python -m tools.live reconcile"
MAX_WAIT_MS = 3_600_000
Side = TypeVar("Side")
PARSER = Parser(
    usage=f"{PROG} --local FILE --venue FILE [FLAGS]",
    about="""Compare our orders, executions, positions and balances with the exchange's, and say
what is to be done. Both sides are JSON files; neither is changed, and nothing is sent.""",
    flags=(
        Flag("--local", "FILE", "our side", "what to compare"),
        Flag("--venue", "FILE", "the exchange's side", "what to compare"),
        Flag("--policy", "WORD", "alert, cancel or adopt what nobody ordered (alert)", "how"),
        Flag("--protection-ms", "N", "do not judge orders that changed since (5000)", "how"),
        Flag("--settle-ms", "N", "believe \"no such order\" only after this (10000)", "how"),
        Flag("--patience-ms", "N", "bear an exchange that is silent this long (0)", "how"),
        Flag("--json", "", "one canonical JSON line instead of the table", "output"),
        DEBUG,
        HELP,
    ),
    examples=(
        f"{PROG} --local ours.json --venue theirs.json",
        f"{PROG} --local ours.json --venue theirs.json --policy adopt --json",
    ),
    end="""exit codes: 0 ready: nothing differs, 1 something can be mended or is not judged yet,
2 wrong usage or input, 5 storage fault, 6 halted: a critical difference, or no answer,
130 interrupted, 143 terminated""",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Reconcile two files and return the exit code."""
    given = sys.argv[1:] if argv is None else list(argv)
    return run(lambda: _main(given), debug=DEBUG.name in given, task="the comparison")


def _main(argv: list[str]) -> int:
    options = PARSER.parse(argv)
    if options["help"]:
        emit(PARSER.help())
        return EXIT_OK
    for name in ("local", "venue"):
        if options[name] is None:
            raise Usage(f"--{name} is missing; name the file of {_WHOSE[name]} side")
    policy = _policy(options)
    local = _read(options["local"], "--local", read_local)
    venue = _read(options["venue"], "--venue", read_venue)
    result = reconcile(local, venue, policy)
    if options["json"]:
        emit(codec.canonical(reconciliation_form(result)) + "\n")
    else:
        emit(table(result))
    if result.outcome is Outcome.HALTED:
        return EXIT_HALTED
    return EXIT_OK if result.outcome is Outcome.READY else EXIT_CHECK_FAILED


_WHOSE = {"local": "our", "venue": "the exchange's"}


def _policy(options: dict[str, Any]) -> Policy:
    """The defaults, but for what the flags say."""
    words = [word.value for word in OnMismatch]
    word = OnMismatch(choice(*words)(options["policy"] or "alert", "--policy"))
    waits = {}
    for key, default in (("protection_ms", 5_000), ("settle_ms", 10_000), ("patience_ms", 0)):
        given = options[key]
        name = "--" + key.replace("_", "-")
        waits[key] = default if given is None else whole(0, MAX_WAIT_MS)(given, name)
    protection, settle, patience = (ms * NS_PER_MS for ms in waits.values())
    return Policy(word, protection, settle, patience_ns=patience)


def _read(file: str, flag: str, read: Callable[[object], Side]) -> Side:
    """One side from its file; every fault names the flag, the place in the file and the rule."""
    with open_input(path(file, flag), flag) as opened:
        raw = opened.read(codec.MAX_BYTES + 1)
    try:
        return read(codec.load_strict(raw, f"{flag} {file}"))
    except ContractError as error:
        what, _, advice = str(error).partition("; ")
        where = "" if what.startswith(flag) else f" in {flag} {file}"
        raise ContractError(f"{what}{where}; {advice or 'correct the file'}") from None


def table(result: Reconciliation) -> str:
    """The findings for eyes: what agrees only in the sum, what differs with both sides."""
    lines = [f"reconciliation at {render_utc(result.at_ns)}", ""]
    for found in result.findings:
        if found.remedies or found.severity.value != "ok":
            lines += _shown(found)
    lines += [f"not judged yet  {about}" for about in result.unjudged]
    if len(lines) > 2:
        lines.append("")
    counts = ", ".join(f"{count} {kind}" for kind, count in result.counts().items())
    lines.append(counts or "nothing to compare: both sides are empty")
    lines.append(f"outcome: {result.outcome.value}{_because(result)}")
    return "".join(_printable(line) + "\n" for line in lines)


def _printable(line: str) -> str:
    """Names come from files: what could move a cursor or break a line is written out."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in line
    )


def _because(result: Reconciliation) -> str:
    if result.reason:
        return f" ({result.reason})"
    if result.retry_at_ns is not None:
        return f" (look again at {render_utc(result.retry_at_ns)})"
    return ""


def _shown(found: Finding) -> list[str]:
    lines = [
        f"{found.severity.value:<9} {found.kind.value:<16} {found.about}",
        f"          ours: {found.local or '-'}",
        f"          exchange: {found.venue}",
    ]
    lines += [f"          do: {shown_action(remedy)}" for remedy in found.remedies]
    if not found.remedies:
        lines.append("          do: nothing by this policy; look at it, then reconcile again")
    return lines


def shown_action(action: Action) -> str:
    """One action in a few words."""
    match action:
        case Take(event):
            payload = action_form(action)["payload"].items()
            shown = " ".join(f"{name}={value}" for name, value in payload if value)
            return f"book {event.kind} {shown}"
        case Cancel(order_id, name):
            return f"cancel {order_id or name} at the exchange"
        case Query(name, not_before_ns):
            return f"ask the exchange about {name} at {render_utc(not_before_ns)}"
        case AdoptOrder(_, order, state):
            return f"adopt order {order.order_id} as {order.client_order_id}, {state.value}"
        case AdoptFill(fill):
            return f"adopt execution {fill.fill_id} of {fill.order_id}"
        case AdoptPosition(_, symbol, qty, was):
            return f"adopt position {symbol} {text(qty)} instead of {text(was)}"
    amounts = f"{cash_text(action.amount_e18)} instead of {cash_text(action.was_e18)}"
    return f"adopt balance {action.currency} {amounts}"


if __name__ == "__main__":
    sys.exit(main())
