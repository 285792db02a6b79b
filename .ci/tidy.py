"""Holds the sources against the rules of the house: shape, words, layers, one owner per fact.

    python .ci/tidy.py [ROOT]     prints what it finds, one line each; exit 1 when there is any

Every rule is a function from sources to findings and works on any root, so that a test can plant a
fault in a copy of the tree and see it found. What a run must not read is in `determinism.py`.
"""

from __future__ import annotations

import ast
import gc
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import determinism
from source import LAYERS, Finding, Source, layer_of, read_sources

MODULE_LINES = 400
FUNCTION_LINES = 60
LINE_CHARACTERS = 100

# A floor of the benchmark is one function by definition: no calls, so no layers to pay for.
LONG_ON_PURPOSE = frozenset({
    ("tests/bench/floor.py", "run_floor"), ("tests/bench/lean_floor.py", "run_lean_floor"),
})  # fmt: skip

TOP_LEVEL = frozenset({"pyproject.toml", "Makefile", "README_EXECUTION.md", "tools", "tests"})
SKIPPED_FOLDERS = frozenset({".git", ".venv", ".build", "__pycache__", "build", "dist"})
TEXT_SUFFIXES = frozenset({".py", ".md", ".toml", ".txt", ".mjs", ".json", ".csv", ".css", ""})

# What one room may take from another of its own layer: importer -> imported. A report is made of
# the fold's state and is not printed before the laws have been held against it.
SIDEWAYS = frozenset({
    ("risk", "portfolio"), ("strategy", "market"), ("reports", "fold"), ("reports", "audit"),
    ("execution_loop", "patient_shell"), ("patient_shell", "shell"), ("fold_state", "fold"),
    ("fold", "fold_doubts"), ("fold", "fold_rules"), ("fold_rules", "fold_money"),
    ("fold_money", "fold_feed"), ("exchange_rules", "exchange"),
    ("fold", "fold_edge"), ("fold_feed", "fold_adoptions"), ("fold_adoptions", "fold_doubts"),
    ("shell", "shell_query"), ("shell", "shell_executed"), ("shell", "shell_end"),
    ("patient_shell", "shell_end"), ("patient_shell", "shell_query"),
})  # fmt: skip
APPROVALS = ("Approved", "Reapproved")
NEW_APPROVALS = tuple(f"{kind}.__new__" for kind in APPROVALS)
OPEN_LAYER = 6
LAYERS_BELOW_FIVE = 3  # sim, journal and audit see 0 to 3, never the loop

# Layer 0 is pure but for one named file each.
CORE_BANNED = frozenset({"os", "socket", "asyncio", "threading", "time", "random"})
CORE_ALLOWED = frozenset({("core.clock", "os"), ("core.clock", "time"), ("core.rng", "random")})

# Spelled in parts, so that this file does not find itself.
WORDS = {
    "unfinished": re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b"),
    "foreign": re.compile(r"/ro" r"ot\b|/wo" r"rk/|py" r"pi\.org|python" r"hosted|npm" r"js\.org"),
    "emoji": re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]"),
}

CLASS_READERS = frozenset({"isinstance", "issubclass", "fields_of"})

OWN_TEST = "tests/unit/test_tidy.py"  # It names modules only to plant faults in them.
STATE_OWNERS = frozenset({"core.order", "order_store"})


def findings(root: Path) -> list[Finding]:
    """Everything wrong under ``root``, in order of file and line."""
    collecting = gc.isenabled()
    gc.disable()  # a third of the time went into looking through trees that have no cycles
    try:
        return _found(root)
    finally:
        if collecting:
            gc.enable()


def _found(root: Path) -> list[Finding]:
    sources = read_sources(root)
    live = [source for source in sources if source.module is not None]
    found: list[Finding] = []
    for source in sources:
        found += shape(source)
    for source in live:
        found += typed(source)
        found += imports(source)
        found += owners(source)
        found += determinism.findings(source)
    found += one_transition_table(live)
    found += mirrored(live, [source for source in sources if source.module is None])
    found += words(root)
    found += entries(root)
    return sorted(set(found))


def shape(source: Source) -> Iterator[Finding]:
    """Lines, functions and modules stay short, and every module says what it owns."""
    lines = source.text.splitlines()
    if len(lines) > MODULE_LINES:
        yield source.finding(1, "shape", f"{len(lines)} lines; split at {MODULE_LINES}")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_CHARACTERS:
            yield source.finding(number, "shape", f"{len(line)} characters; wrap at 100")
    if lines and ast.get_docstring(source.tree) is None:
        yield source.finding(1, "docstring", "a module begins by saying what it owns")
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES and (source.path, node.name) not in LONG_ON_PURPOSE:
                message = f"{node.name} has {length} lines; split at {FUNCTION_LINES}"
                yield source.finding(node.lineno, "shape", message)


def typed(source: Source) -> Iterator[Finding]:
    """Every parameter and every result has a type; only a method's receiver has none."""
    for owner in source.nodes:
        for node in ast.iter_child_nodes(owner):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            arguments = [*node.args.posonlyargs, *node.args.args]
            static = any(ast.unparse(d) == "staticmethod" for d in node.decorator_list)
            if isinstance(owner, ast.ClassDef) and not static:
                arguments = arguments[1:]
            arguments += [*node.args.kwonlyargs, *_starred(node.args)]
            bare = [argument.arg for argument in arguments if argument.annotation is None]
            if node.returns is None:
                bare.append("return")
            if bare:
                message = f"{node.name} lacks types for {', '.join(bare)}"
                yield source.finding(node.lineno, "annotation", message)


def _starred(arguments: ast.arguments) -> list[ast.arg]:
    return [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]


def imports(source: Source) -> Iterator[Finding]:
    """Standard library and own modules only, and of these only what the layer may see."""
    room = str(source.module).partition(".")[0]
    if room not in LAYERS:
        yield source.finding(1, "layer", f"{room} has no layer yet; add it in .ci/source.py")
    for line, name in source.imported():
        top = name.partition(".")[0]
        if top == "tools":
            yield from _own_import(source, line, name)
        elif top not in sys.stdlib_module_names:
            yield source.finding(line, "stdlib", f"{name} is no part of the standard library")
        elif source.layer == 0 and top in CORE_BANNED:
            if (source.module, top) not in CORE_ALLOWED:
                yield source.finding(line, "layer", f"layer 0 may not import {top}")


def _own_import(source: Source, line: int, name: str) -> Iterator[Finding]:
    if not name.startswith("tools.live"):
        yield source.finding(line, "layer", f"{name} is outside tools.live")
        return
    target = name.removeprefix("tools.live").lstrip(".")
    if source.layer == OPEN_LAYER or target == source.module:
        return
    here, there = str(source.module).partition(".")[0], target.partition(".")[0]
    layer = layer_of(target)
    neighbours = here == there or (here, there) in SIDEWAYS
    limit = LAYERS_BELOW_FIVE if source.layer == 5 else source.layer - 1
    if layer > limit and not (neighbours and layer == source.layer):
        message = f"{source.module} (layer {source.layer}) may not import {target} (layer {layer})"
        yield source.finding(line, "layer", message)


def owners(source: Source) -> Iterator[Finding]:
    """Only the gate makes an approval; only the order modules move an order's state."""
    for node in source.nodes:
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            given = [ast.unparse(argument) for argument in node.args]
            taken = any(kind in given for kind in APPROVALS) and name not in CLASS_READERS
            makes = name in APPROVALS or taken
            if makes and source.module != "risk_monitor":
                yield source.finding(node.lineno, "gate", "only risk_monitor.py makes an Approved")
        if isinstance(node, ast.Attribute) and ast.unparse(node) in NEW_APPROVALS:
            if source.module != "risk_monitor":
                yield source.finding(node.lineno, "gate", "only risk_monitor.py makes an Approved")
        targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
        for target in targets:
            moves = isinstance(target, ast.Attribute) and target.attr == "state"
            if moves and source.module not in STATE_OWNERS:
                message = "only order_store.py moves an order to another state"
                yield source.finding(target.lineno, "lifecycle", message)


def one_transition_table(live: Iterable[Source]) -> Iterator[Finding]:
    """There is one table of transitions, beside the orders."""
    tables: list[tuple[Source, int]] = []
    for source in live:
        for node in source.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id="TRANSITIONS")]):
                    tables.append((source, node.lineno))
                case ast.AnnAssign(target=ast.Name(id="TRANSITIONS")):
                    tables.append((source, node.lineno))
    for source, line in tables:
        if len(tables) > 1 or source.module not in STATE_OWNERS:
            yield source.finding(line, "lifecycle", "one TRANSITIONS table, beside the orders")


def mirrored(live: Iterable[Source], others: Iterable[Source]) -> Iterator[Finding]:
    """Every module that has code is named by a unit test."""
    named: set[str] = set()
    for test in others:
        if test.path.startswith("tests/unit/test_") and test.path != OWN_TEST:
            imported = [name for _, name in test.imported()]
            named.update(imported, (name.rpartition(".")[0] for name in imported))
            named.update(re.findall(r"tools\.live(?:\.\w+)*", test.text))
    for source in live:
        code = [node for node in source.tree.body if not _is_prose(node)]
        if code and source.dotted not in named:
            yield source.finding(1, "mirror", f"no tests/unit/test_*.py names {source.dotted}")


def _is_prose(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "__future__"
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def words(root: Path) -> Iterator[Finding]:
    """No unfinished business, no folder or host of somebody's machine, no emoji."""
    for path in sorted(_texts(root)):
        relative = path.relative_to(root)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for rule, pattern in WORDS.items():
                if hit := pattern.search(line):
                    message = f"{hit.group()!r} may not stay"
                    yield Finding(relative.as_posix(), number, rule, message)


def _texts(root: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(root):
        inner[:] = [name for name in inner if name not in SKIPPED_FOLDERS]
        yield from (Path(folder, name) for name in names if Path(name).suffix in TEXT_SUFFIXES)


def entries(root: Path) -> Iterator[Finding]:
    """The top level stays as small as it is, and `tools` stays a namespace package."""
    for path in sorted(root.iterdir()):
        known = path.name in TOP_LEVEL or path.name in SKIPPED_FOLDERS
        if not known and not path.name.startswith("."):
            yield Finding(path.name, 1, "top level", "the top level has no place for it")
    if (root / "tools/__init__.py").exists():
        yield Finding("tools/__init__.py", 1, "namespace", "tools is a namespace package")


def main(arguments: list[str]) -> int:
    """Print the findings; 1 when there are any."""
    found = findings(Path(arguments[0] if arguments else "."))
    for finding in found:
        print(finding)
    print(f"tidy: {len(found)} finding{'' if len(found) == 1 else 's'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
