"""The words of the `journal` command: `tools.live.journal_cli_flags`."""

from __future__ import annotations

from typing import Any

import pytest

from tools.live.console import Usage
from tools.live.journal_cli_flags import VERBS, number, parse


def given(verb: str, *argv: str) -> dict[str, Any]:
    """What was given, without what was not."""
    _, options = parse(verb, argv)
    return {key: value for key, value in options.items() if value not in (None, False)}


@pytest.mark.parametrize(("verb", "argv", "found"), [
    ("verify", ["run-1"], {"dir": "run-1"}),
    ("verify", ["--json", "run-1"], {"dir": "run-1", "json": True}),
    ("verify", ["--dir", "run-1"], {"dir": "run-1"}),
    ("verify", ["--dir=a=b"], {"dir": "a=b"}),
    ("verify", ["a=b"], {"dir": "a=b"}),
    ("show", ["--limit", "3", "run-1", "--kind", "order"],
     {"dir": "run-1", "limit": "3", "kind": "order"}),
    ("show", ["--limit=3", "run-1"], {"dir": "run-1", "limit": "3"}),
    ("tail", ["-f", "-n", "5", "run-1"], {"dir": "run-1", "follow": True, "last": "5"}),
    ("export", ["run-1", "out"], {"dir": "run-1", "out_dir": "out"}),
    ("export", ["--dir", "run-1", "x", "out"], {"dir": "x", "out_dir": "out"}),
    ("repair", ["run-1", "--accept-loss-from", "4", "--dry-run", "--log-id", "a"],
     {"dir": "run-1", "accept_loss_from": "4", "dry_run": True, "log_id": "a"}),
])  # fmt: skip
def test_words_stand_for_the_folders(verb: str, argv: list[str], found: dict[str, Any]) -> None:
    assert given(verb, *argv) == found


@pytest.mark.parametrize(("verb", "argv", "why"), [
    ("verify", ["a", "b"], "unknown word 'b' at argument 2; see --help"),
    ("export", ["a", "b", "c"], "unknown word 'c' at argument 3; see --help"),
    ("show", ["--limit", "3", "a", "--knd", "x"],
     "unknown flag '--knd' at argument 4; did you mean '--kind'?"),
    ("verify", ["a", "-f"], "unknown flag '--follow' at argument 2; see --help"),
    ("tail", ["a", "-x"], "unknown flag '-x' at argument 2; "),
    ("tail", ["a", "-n"], "--last lacks its value at argument 2; write --last N"),
    ("show", ["a", "--limit", "--json"], "--limit lacks its value at argument 2; write --limit N"),
    ("verify", ["a", "--json=1"], "--json takes no value, but got '1' at argument 2; write --json"),
])  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(verb: str, argv: list[str], why: str) -> None:
    with pytest.raises(Usage) as refused:
        parse(verb, argv)
    assert str(refused.value).startswith(why)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str) -> None:
    parser, options = parse(verb, ["-h"])
    assert options["help"]
    lines = parser.help().splitlines()
    words = "DIR OUTDIR" if verb == "export" else "DIR"
    assert lines[0] == f"usage: python -m tools.live journal {verb} {words} [FLAGS]"
    assert f"  python -m tools.live journal {verb} run-1" in "\n".join(lines)
    assert all(len(line) <= 100 for line in lines)
    for code in ("0 ok", "1 a check failed", "2 wrong", "3 damaged", "4 journal in use", "5 stor"):
        assert code in " ".join(lines[-2:])


@pytest.mark.parametrize(("text", "found"), [(None, None), ("0", 0), ("007", 7), ("9", 9)])
def test_numbers_are_plain_digits(text: str | None, found: int | None) -> None:
    assert number(text, "--limit", 0, 9) == found


@pytest.mark.parametrize("text", [
    "", "-1", "10", "+1", "1.0", "1_0", " 1", "1\n", "\u0661", "1" * 19,
])  # fmt: skip
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(Usage, match="^--limit .* is no number from 0 to 9; write it in digits$"):
        number(text, "--limit", 0, 9)


def test_a_number_below_its_bound_is_refused() -> None:
    assert number("1", "--corr", 1, 9) == 1
    with pytest.raises(Usage):
        number("0", "--corr", 1, 9)
