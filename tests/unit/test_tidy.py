"""The sources keep the rules of the house, and the checker sees each fault that is planted."""

from __future__ import annotations

import shutil
from pathlib import Path
from textwrap import dedent

import pytest
import source
import tidy

ROOT = Path(__file__).resolve().parent.parent.parent
VICTIM = "tools/live/order_store.py"

# What is planted at the end of a module, the rule that must find it, a word of the advice.
PLANTED = {
    "time.time": ("import time\nNOW = time.time()", "determinism", "core/clock.py"),
    "datetime.now": (
        "from datetime import datetime\nNOW = datetime.now()", "determinism", "core/clock.py"),
    "datetime.utcnow": (
        "import datetime\nNOW = datetime.datetime.utcnow()", "determinism", "core/clock.py"),
    "random.random": ("import random\nX = random.random()", "determinism", "core/rng.py"),
    "uuid4": ("from uuid import uuid4\nX = uuid4()", "determinism", "seq"),
    "id": ("X = id(object())", "determinism", "order by seq"),
    "hash": ("X = hash('a')", "determinism", "hashlib"),
    "environ": ("import os\nX = os.environ['A']", "determinism", "layer 6"),
    "getenv": ("import os\nX = os.getenv('A')", "determinism", "layer 6"),
    "locale": ("import locale", "determinism", "money.py"),
    "print": ("print(1)", "determinism", "layer 6"),
    "thread": ("import threading", "determinism", "layer 6"),
    "set display": ("for x in {1, 2}:\n    pass", "determinism", "sorted"),
    "set call": ("X = list(set('ab'))", "determinism", "sorted"),
    "set comprehension": ("X = [x for x in frozenset('ab')]", "determinism", "sorted"),
    "set name": (
        """
        def walk(names: set[str]) -> list[str]:
            other = names | {"a"}
            return [name for name in other]
        """, "determinism", "sorted"),
    "set attribute": (
        """
        class Keeper:
            def __init__(self) -> None:
                self.names: set[str] = set()

            def first(self) -> str:
                return next(iter(self.names))
        """, "determinism", "sorted"),
    "set join": ("X = ','.join({'a', 'b'})", "determinism", "sorted"),
    "set pop": ("NAMES = {'a', 'b'}\nX = NAMES.pop()", "determinism", "sorted"),
    "keys algebra": ("for x in {}.keys() - {1}:\n    pass", "determinism", "sorted"),
    "float sum": ("X = sum([0.1, 0.2])", "determinism", "int = sum"),
    "float sum of fields": ("X = sum(order.price for order in ())", "determinism", "math.fsum"),
    "except Exception": (
        "try:\n    X = 1\nexcept Exception:\n    pass", "errors", "name what can fail"),
    "bare except": ("try:\n    X = 1\nexcept:\n    pass", "errors", "name what can fail"),
    "package": ("import numpy", "stdlib", "standard library"),
    "upward": ("from .execution_loop import ExecutionLoop", "layer", "may not import"),
    "upward, late": (
        "def late() -> None:\n    import tools.live.exec_demo", "layer", "may not import"),
    "upward, lazy name": ("from tools.live import run_shadow", "layer", "may not import"),
    "sideways": ("from .portfolio.ledger import Ledger", "layer", "may not import"),
    "other tools": ("from tools.other import x", "layer", "outside"),
    "approval": ("X = Approved(None)", "gate", "risk_monitor.py"),
    "approval by new": ("X = object.__new__(Approved)", "gate", "risk_monitor.py"),
    "approval by its new": ("X = Approved.__new__", "gate", "risk_monitor.py"),
    "approval by builder": ("X = builder(Approved)", "gate", "risk_monitor.py"),
    "second table": ("TRANSITIONS = {}", "lifecycle", "one TRANSITIONS table"),
    "no types": ("def planted(a, *, b: int):\n    return a", "annotation", "a, return"),
    "long line": ("X = '" + "x" * 100 + "'", "shape", "wrap"),
    "long function": ("def planted() -> None:\n" + "    pass\n" * 60, "shape", "split"),
    "long module": ("X = 1\n" * 400, "shape", "split at 400"),
    "unfinished": ("# TO" + "DO: later", "unfinished", "may not stay"),
    "foreign": ("X = '/ro" + "ot/x'", "foreign", "may not stay"),
    "emoji": ("X = '\N{ROCKET}'", "emoji", "may not stay"),
}  # fmt: skip

INNOCENT = {
    "sorted set": "X = sorted({1, 2})",
    "membership": "X = 1 in {1, 2}",
    "set of a set": "X = {x for x in {1, 2}}",
    "smallest": "X = min(x for x in {1, 2})",
    "counting": "X = sum(1 for _ in ())\nY = sum(len(x) for x in ())",
    "typed sum": "X: int = sum(x for x in ())",
    "returned sum": "def total(values: list[int]) -> int:\n    return sum(values)",
    "named error": "try:\n    X = 1\nexcept ValueError:\n    pass",
    "error let go on": "try:\n    X = 1\nexcept BaseException:\n    X = 2\n    raise",
    "list pop": "X = [1].pop()",
    "downward": "from .core.money import SCALE",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of one module to plant faults in, and of the one with the table of transitions."""
    (tmp_path / "tools/live/core").mkdir(parents=True)
    for path in (VICTIM, "tools/live/core/order.py"):
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


@pytest.fixture
def whole_tree(tmp_path: Path) -> Path:
    """A copy of all the product's sources."""
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=skip)
    return tmp_path


def plant(tree: Path, code: str, path: str = VICTIM) -> list[source.Finding]:
    """Append code to a module of the copy; what the checker finds from there on."""
    victim = tree / path
    before = victim.read_text(encoding="utf-8") if victim.exists() else '"""Planted."""\n'
    victim.parent.mkdir(parents=True, exist_ok=True)
    victim.write_text(before + "\n" + dedent(code) + "\n", encoding="utf-8")
    whole_file = {"shape", "lifecycle"}
    return [
        found
        for found in tidy.findings(tree)
        if found.path == path and (found.line > before.count("\n") or found.rule in whole_file)
    ]


@pytest.mark.usefixtures("untraced")
def test_the_tree_keeps_every_rule() -> None:
    found = tidy.findings(ROOT)
    assert not found, "\n" + "\n".join(map(str, found))


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(tree: Path, name: str) -> None:
    code, rule, advice = PLANTED[name]
    found = [finding for finding in plant(tree, code) if finding.rule == rule]
    assert found, f"nobody saw {name}"
    assert any(advice in finding.message for finding in found), found


@pytest.mark.usefixtures("untraced")
def test_faults_planted_in_the_whole_tree_are_found(whole_tree: Path) -> None:
    names = ("time.time", "set call", "uuid4", "float sum")
    planted = "\n".join(PLANTED[name][0] for name in names)
    deep = plant(whole_tree, planted, "tools/live/core/money.py")
    high = plant(whole_tree, planted, "tools/live/execution_loop.py")
    for found in (deep, high):
        messages = " ".join(finding.message for finding in found if finding.rule == "determinism")
        for seen in ("import of time", "walk sorted", "import of uuid", "math.fsum"):
            assert seen in messages


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("name", INNOCENT)
def test_what_is_harmless_is_left_alone(tree: Path, name: str) -> None:
    found = plant(tree, INNOCENT[name])
    assert not [finding for finding in found if finding.rule not in ("lifecycle", "shape")], found


@pytest.mark.parametrize("module", ["os", "time", "random", "socket"])
def test_layer_0_is_pure(tree: Path, module: str) -> None:
    found = plant(tree, f"import {module}", "tools/live/core/money.py")
    assert any(finding.rule == "layer" for finding in found)


def test_the_edges_may_print_and_read_the_clock(tree: Path) -> None:
    code = "import time\nprint(time.time())"
    assert not plant(tree, code, "tools/live/exec_demo.py")


def test_another_module_may_not_move_an_order(tree: Path) -> None:
    code = "def move(order: object) -> None:\n    order.state = 1"
    found = plant(tree, code, "tools/live/portfolio/ledger.py")
    assert [finding.rule for finding in found] == ["lifecycle"]


@pytest.mark.parametrize(
    ("module", "rules"), [("market/untested.py", ["mirror"]), ("room/x.py", ["layer", "mirror"])]
)
def test_a_new_module_needs_a_test_and_a_layer(
    tree: Path, module: str, rules: list[str]
) -> None:
    plant(tree, "X = 1", f"tools/live/{module}")
    found = [finding for finding in tidy.findings(tree) if finding.path.endswith(module)]
    assert [finding.rule for finding in found] == rules


def test_a_regular_package_at_the_top_is_found(tree: Path) -> None:
    (tree / "tools/__init__.py").write_text("", encoding="utf-8")
    (tree / "NOTES.md").write_text("", encoding="utf-8")
    rules = {finding.rule for finding in tidy.entries(tree)}
    assert rules == {"namespace", "top level"}


def test_the_longest_name_decides_the_layer() -> None:
    assert source.layer_of("audit.laws") == 3
    assert source.layer_of("audit.doctor") == 5
