"""One parsed Python file, where it stands in the layers, and what it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

# Who may import whom goes by these numbers; the longest matching name decides.
LAYERS = {
    "": 6, "__version__": 0, "core": 0,
    "order_store": 1, "portfolio": 1, "market": 1, "risk": 1, "strategy": 1,
    "exchange": 2, "risk_monitor": 2, "life": 2, "exchange_query": 3, "exchange_answers": 3,
    "exchange_rules": 2,
    "outbox": 2, "adoptions": 2,
    "connectivity": 2, "fold_doubts": 3, "fold_adoptions": 3, "fold_feed": 3, "fold_edge": 3,
    "fold_money": 3, "fold_rules": 3, "edge_modes": 0,
    "fold": 3, "fold_state": 3, "params": 3, "reports": 3,
    "audit": 5, "audit.__init__": 3, "audit.laws": 3, "audit.laws_edge": 3,
    "audit.laws_funding": 3, "audit.laws_performance": 3,
    "shell": 4, "shell_query": 4, "shell_executed": 4, "shell_end": 4,
    "patient_shell": 4, "execution_loop": 4,
    "sim": 5, "journal": 5, "engines": 6,
    "console": 6, "settings": 6, "exchange_choice": 6, "run_end": 6, "exec_demo": 6, "__main__": 6,
    "risk_monitor_cli": 6,
    "market_pace": 6, "journaled": 6, "durable_run": 6, "journal_cli": 6, "journal_cli_flags": 6,
    "journal_cli_repair": 6, "journal_cli_project": 6, "journal_folder": 6,
    "replay_cli": 6, "replay_fork": 6, "replay_books": 6, "reconcile_cli": 6,
    "generate_cli": 6, "simulator": 6, "conformance": 6, "conform_cli": 6,
    "drift_cli": 6, "drift_files": 6, "drift_queue": 6,
    "market_source": 6, "market_journal": 6, "market_cli": 6, "market_record": 6,
    "md_replay": 6, "md_replay_run": 6, "md_replay_fixture": 6, "md_replay_report": 6,
    "md_replay_text": 6, "md_replay_page": 6, "md_replay_charts": 6,
    "backtest": 6, "backtest_charts": 6, "backtest_cli": 6,
    "backtest_history": 6, "backtest_line": 6, "backtest_page": 6, "backtest_result": 6,
    "backtest_run": 6, "backtest_settings": 6,
    "sweep": 6, "sweep_best": 6, "sweep_cli": 6, "sweep_heat": 6,
    "sweep_plan": 6, "sweep_rows": 6,
}  # fmt: skip
CODE_FOLDERS = ("tools", "tests", ".ci")


class Finding(NamedTuple):
    """Where a rule is broken, which rule, and what to do."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A parsed file; ``module`` is its name below tools.live, or None for tests and tooling."""

    path: str
    text: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]
    module: str | None

    @property
    def layer(self) -> int:
        """The layer of a module of the product."""
        assert self.module is not None
        if self.path == "tools/live/audit/__init__.py":
            return LAYERS["audit.__init__"]
        return layer_of(self.module)

    @property
    def dotted(self) -> str:
        """The name by which a test imports it."""
        return f"tools.live.{self.module}" if self.module else "tools.live"

    def finding(self, line: int, rule: str, message: str) -> Finding:
        """A finding in this file."""
        return Finding(self.path, line, rule, message)

    def imported(self) -> Iterator[tuple[int, str]]:
        """Line and absolute name of all that is imported, wherever in the file it stands.

        What is taken from a module of ours is named with the module, as it may be one itself.
        """
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield node.lineno, alias.name
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                own = base == "tools" or base.startswith("tools.")
                for alias in node.names:
                    yield node.lineno, f"{base}.{alias.name}" if own else base

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = Path(self.path).parent.parts
        kept = package[: len(package) - (node.level - 1)]
        return ".".join([*kept, *([node.module] if node.module else [])])


def layer_of(module: str) -> int:
    """The layer of a module by the longest name that begins it; an unknown room is an edge."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if (layer := LAYERS.get(".".join(parts[:length]))) is not None:
            return layer
    return LAYERS[""]


def read_sources(root: Path) -> list[Source]:
    """Every Python file of the product, its tests and its tooling, in order of path."""
    sources = []
    for folder in CODE_FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            relative = path.relative_to(root)
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text, str(relative))
            sources.append(
                Source(
                    path=relative.as_posix(),
                    text=text,
                    tree=tree,
                    nodes=tuple(ast.walk(tree)),
                    module=_module_name(relative),
                )
            )
    return sources


def _module_name(relative: Path) -> str | None:
    parts = relative.with_suffix("").parts
    if parts[:2] != ("tools", "live"):
        return None
    names = parts[2:]
    return ".".join(names[:-1] if names[-1] == "__init__" else names)
