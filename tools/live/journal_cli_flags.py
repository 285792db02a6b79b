"""The words of the `journal` command: its verbs, their flags, help and examples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .console import DEBUG, HELP, Flag, Parser, Usage

PROG = "python -m tools.live journal"
MOST_LAST = 10_000
_END = """exit codes: 0 ok, 1 a check failed, 2 wrong usage or input, 3 damaged journal,
  4 journal in use, 5 storage fault, 130 interrupted, 143 terminated"""

_DIR = Flag("--dir", "DIR", "the journal's folder; also the first word", "journal")
_JSON_LINES = Flag("--json", "", "print the stored lines, unchanged", "output")
_PICKING = (
    Flag("--kind", "KIND", "such as order.fill, or order for all of them; A,B for both", "which"),
    Flag("--order", "ID", "of one order, by our id or the exchange's", "which"),
    Flag("--corr", "N", "of the chain that entry N of the run began", "which"),
)
_GENERAL = tuple(Flag(one.name, one.value, one.help, "general") for one in (DEBUG, HELP))
_SHORT = {"-f": "--follow", "-n": "--last"}

VERBS = {
    "verify": "hold every record against the chain and the mark",
    "show": "print records, picked by kind, order, time or chain",
    "tail": "print the newest records, and with -f those to come",
    "export": "copy all records into files by topic and date",
    "index": "check the indexes and write them anew",
    "compact": "pack complete segments, let old ones go",
    "project": "keep orders, fills and positions in SQLite",
    "repair": "give up damaged records",
    "resume": "let a halted journal go on",
}


def _parser(
    verb: str, words: str, about: str, flags: Sequence[Flag], examples: Sequence[str]
) -> Parser:
    return Parser(
        usage=f"{PROG} {verb} {words} [FLAGS]",
        about=about,
        flags=(_DIR, *flags, *_GENERAL),
        examples=[f"{PROG} {verb} {example}" for example in examples],
        end=_END,
    )


_FLAGS: dict[str, tuple[str, str, tuple[Flag, ...], tuple[str, ...]]] = {
    "verify": (
        "DIR",
        "Read the whole journal and prove it: every record follows from the one before, none\n"
        "is missing, and it is as long as its mark says. Nothing is written.",
        (Flag("--json", "", "print the summary as one line of JSON", "output"),),
        ("run-1", "run-1 --json"),
    ),
    "show": (
        "DIR",
        "Print records, one a line: time, seq, source, kind, entry and payload. An entry\n"
        "#7 <- #3 of #2 is entry 7 of the run, caused by entry 3, in the chain that entry 2\n"
        "began. Symbol, side, quantity, @price and order ids stand without their names.",
        (
            *_PICKING,
            Flag("--since", "SEQ|UTC", "from there on, such as 120 or 2025-01-01T00:00:10Z",
                 "which"),
            Flag("--until", "SEQ|UTC", "up to there, that one included", "which"),
            Flag("--limit", "N", "the first N of them", "which"),
            _JSON_LINES,
        ),
        ("run-1 --kind order --limit 5", "run-1 --order CLI00000007", "run-1 --corr 12",
         "run-1 --since 2025-01-01T00:00:10Z --json"),
    ),
    "tail": (
        "DIR",
        "Print the newest records; with -f go on as the journal grows, until Ctrl-C. Who\n"
        "follows sees only what is durable.",
        (
            Flag("--last", "N", f"how many, 0 to {MOST_LAST} (default 10), also with -n", "which"),
            *_PICKING,
            Flag("--follow", "", "go on with what comes, also with -f", "output"),
            _JSON_LINES,
        ),
        ("run-1", "run-1 -n 0 -f --kind order.fill,risk"),
    ),
    "export": (
        "DIR OUTDIR",
        "Copy every record into OUTDIR/<topic>/<YYYY-MM-DD>.jsonl, line by line as it is\n"
        "stored, with the hash of each file in OUTDIR/export.json. OUTDIR must not be there\n"
        "yet; it appears whole or not at all.",
        (Flag("--out-dir", "OUTDIR", "the new folder; also the second word", "output"),),
        ("run-1 run-1-export",),
    ),
    "index": (
        "DIR",
        "Hold the index of every complete segment against its records, and write anew what\n"
        "is wrong or missing. An index is a cache: reading never depends on it.",
        (Flag("--check", "", "only look; exit 1 when one is wrong or missing", "work"),),
        ("run-1", "run-1 --check"),
    ),
    "compact": (
        "DIR",
        "Pack the segments of a closed journal. The records stay the same, and so do seq and\n"
        "hash of its end.",
        (Flag("--drop-before-checkpoint", "",
              "first delete segments that end before the oldest checkpoint", "work"),),
        ("run-1",),
    ),
    "project": (
        "DIR",
        "Keep the run's orders, fills and positions in a SQLite file. It is a cache: what is\n"
        "behind is caught up, what is damaged is put aside and built anew from the journal.",
        (
            Flag("--db", "FILE", "another file than DIR/orders.db; it ends in .db", "output"),
            Flag("--backup", "FILE", "copy it, safely while others read or write", "output"),
        ),
        ("run-1", "run-1 --db run-1.db"),
    ),
    "repair": (
        "DIR",
        "Cut a damaged journal before its first damaged record, which has to be named. What\n"
        "was there is copied to DIR/torn first, and the journal says what was done.",
        (
            Flag("--accept-loss-from", "SEQ", "the first record to give up; verify names it",
                 "work"),
            Flag("--dry-run", "", "say what would be done, and do nothing", "work"),
            Flag("--log-id", "ID", "name of the journal, when it cannot be read any more", "work"),
        ),
        ("run-1 --dry-run", "run-1 --accept-loss-from 118"),
    ),
    "resume": (
        "DIR",
        "Let runs go on in a folder where HALT stands: a run whose disk failed has left it, or\n"
        "somebody put it there. The journal says who let it go on and why; then HALT goes.",
        (
            Flag("--actor", "NAME", "who lets it go on", "work"),
            Flag("--reason", "TEXT", "why", "work"),
        ),
        ("run-1 --actor Ann --reason 'disk replaced'",),
    ),
}  # fmt: skip


def usage() -> str:
    """The help of the command itself."""
    lines = [f"usage: {PROG} VERB DIR [FLAGS]", "", "Look after the journal of a run.", ""]
    lines += [f"  {verb:<8} {text}" for verb, text in VERBS.items()]
    lines += ["", "examples:", "  python -m tools.live.exec_demo --shadow --journal run-1"]
    lines += [f"  {PROG} verify run-1", f"  {PROG} show --help", "", _END]
    return "\n".join(lines) + "\n"


def parse(verb: str, argv: Sequence[str]) -> tuple[Parser, dict[str, Any]]:
    """The flags of a verb; its first words stand for `--dir` and `--out-dir`."""
    words, about, flags, examples = _FLAGS[verb]
    parser = _parser(verb, words, about, flags, examples)
    valued = {flag.name for flag in (_DIR, *flags) if flag.value}
    places = ["--dir", "--out-dir"][: len(words.split())]
    given: list[str] = []
    for word in argv:
        name = _SHORT.get(word, word)
        is_value = bool(given) and given[-1] in valued
        if places and not is_value and not name.startswith("-"):
            name = f"{places.pop(0)}={name}"
        given.append(name)
    return parser, parser.parse(given)


def number(text: str | None, flag: str, low: int, high: int) -> int | None:
    """Plain digits within bounds; None when the flag is absent."""
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) or not low <= int(text) <= high:
        raise Usage(f"{flag} {text[:60]!r} is no number from {low} to {high}; write it in digits")
    return int(text)
