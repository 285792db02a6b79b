"""The README cannot lie: its commands and examples run, its tables and diagrams are compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit import docs_examples
from tests.unit.docs_checks import CHECKS, Check
from tests.unit.docs_readme import Block, Readme, tree

README = Readme.load()
PYTHON = README.of_language("python")
CONSOLE = README.of_language("console")
BASH = README.of_language("bash")
LANGUAGES = {"python", "console", "bash", "toml", "csv", "json", "text"}


def line_of(block: Block) -> str:
    return f"line {block.line}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    docs_examples.prepare(README, tmp_path)
    return tmp_path


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_it_says_is_true(check: Check) -> None:
    assert check(README) == []


@pytest.mark.parametrize("block", PYTHON, ids=line_of)
def test_a_python_example_prints_what_it_promises(block: Block, folder: Path) -> None:
    assert docs_examples.python_complaints(block, folder) == []


@pytest.mark.parametrize("block", CONSOLE, ids=line_of)
def test_a_command_prints_what_it_promises(block: Block, folder: Path) -> None:
    assert docs_examples.console_complaints(block, folder) == []


@pytest.mark.parametrize("block", BASH, ids=line_of)
def test_a_script_runs_to_its_end(block: Block, folder: Path) -> None:
    assert docs_examples.bash_complaints(block, folder) == []


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    assert {block.language for block in README.blocks} == LANGUAGES
    assert all(block.name for block in README.of_language("text", "toml", "csv", "json"))


# A lie: what stands in the README, what is put in its place, and the check that must see it.
LIES = {
    "wrong default": ("| `42` |", "| `43` |", "settings_table"),
    "wrong help": ("simulated latency; nobody sleeps", "latency", "settings_table"),
    "wrong keyword": ("| `spread_bps` | `5.0`", "| `spread` | `5.0`", "settings_table"),
    "another default": ("| `latency_ms` | `100` |", "| `latency_ms` | `1` |", "keyword_defaults"),
    "missing flag": ("| `--pretty` | indent the report |\n", "", "other_flags"),
    "missing keyword": ("also takes `clock`", "also takes more", "keywords"),
    "wrong exit code": ("| 6 | halted |", "| 4 | halted |", "exit_codes"),
    "swapped exit codes": ("| 3 | integrity |", "| 3 | locked |", "exit_codes"),
    "missing key": ("| `orders.open` | int |", "| `orders.opened` | int |", "report_keys"),
    "wrong type": ("| `pnl.net_usd` | float |", "| `pnl.net_usd` | int |", "report_keys"),
    "wrong schema": ("| `risk.frozen` | bool |", "| `risk.frozen` | str |", "schema_keys"),
    "wrong precedence": ("| `bad_price` | The same", "| `bad_mark` | The same", "refusals"),
    "missing fault": ("| `overfill` |", "| `too_much` |", "faults"),
    "milder finding": ("| `ORPHAN` | critical |", "| `ORPHAN` | warning |", "reconciliation"),
    "missing key of a file": ("| `forgets` |", "| `forgot` |", "file_keys"),
    "missing law": ("| `lots` |", "| `slots` |", "conservation"),
    "eleventh noun": ("| Gate | `", "| Manager | `", "nouns"),
    "wrong cause": ("cancel_all ──▶ order.cancel ", "cancel_all ──▶ order.place ", "causes"),
    "missing kind": ("risk.unfreeze_ordered ──▶ risk.unfrozen", "risk.unfrozen", "causes"),
    "wrong call": ("order_store.py ──▶ core/order.py", "order_store.py ──▶ core/rng.py", "modules"),
    "no module": ("└─▶ portfolio/edge.py", "└─▶ portfolio/hedge.py", "modules"),
    "wrong move": ("         └─▶ rejected\n", "         └─▶ pending\n", "lifecycle"),
    "missing move": ("         │         ├─▶ canceled\n", "", "lifecycle"),
    "missing file": ("  order_store.py ", "  order_book.py ", "files"),
    "dead link": ("(#the-report-key-by-key)", "(#the-report)", "paths"),
    "dead path": ("`tests/matrix`", "`tests/matrices`", "paths"),
    "no target": ("`make goldens`", "`make silver`", "targets"),
    "fewer machines": ("3.11, 3.12, 3.13;", "3.9, 3.12, 3.13;", "varied"),
    "fewer replays": ("and of four replays", "and of two replays", "varied"),
    "hidden clock": ("- `risk.last_freeze_utc`\n", "", "times"),
    "longer horizon": ("and 10 seconds after", "and 5 seconds after", "edge_numbers"),
    "imports": ("imports `socket`", "imports `json`", "no_network"),
    "loose error": ("**Exit code 6.**", "error: input: no\n**Exit code 6.**", "quoted_errors"),
    "long example": ("report\n```", "print(1)\nreport\n```", "notebook"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_a_planted_lie_is_seen(name: str) -> None:
    true, lie, seer = LIES[name]
    assert true in README.text
    check = next(check for check in CHECKS if check.__name__ == seer)
    assert check(Readme(README.text.replace(true, lie, 1)))


def test_every_check_sees_a_lie() -> None:
    assert {seer for _, _, seer in LIES.values()} == {check.__name__ for check in CHECKS}


def lying(language: str, *lines: str) -> Block:
    return Block(1, language, "", "".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize(
    ("run", "block"),
    [
        (docs_examples.python_complaints, lying("python", "print(1)", "#> 2")),
        (docs_examples.python_complaints, lying("python", "print(1)")),
        (docs_examples.console_complaints, lying("console", "$ echo one", "two")),
        (docs_examples.console_complaints, lying("console", "$ true", "$ echo $?", "1")),
        (docs_examples.bash_complaints, lying("bash", "false", "true")),
        (docs_examples.bash_complaints, lying("bash", "python -m tools.live.nothing")),
    ],
    ids=["printed", "silent", "output", "exit code", "failure", "no module"],
)
def test_a_lying_example_is_seen(
    run: Callable[[Block, Path], list[str]], block: Block, folder: Path
) -> None:
    assert run(block, folder)


def test_an_ellipsis_stands_for_anything_and_nothing_else_does() -> None:
    assert docs_examples.matches("{\n...\n}\n", "{\n  1\n  2\n}\n")
    assert docs_examples.matches("a...c\n", "abbc\n")
    assert not docs_examples.matches("a.c\n", "abc\n")
    assert not docs_examples.matches("a\n", "a\nb\n")


@pytest.mark.parametrize("picture", ["a ─┬─▶ b\n\n  └─▶ c", "a ─┬─▶ b\n", "  └─▶ b", " ──▶ b"])
def test_a_diagram_with_a_loose_branch_is_refused(picture: str) -> None:
    with pytest.raises(ValueError):
        tree(picture)
