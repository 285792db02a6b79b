"""What the README says, held against the code: each check answers with its complaints."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from tests.matrix import __main__ as matrix
from tests.matrix.runs import RUNS
from tests.unit import docs_runs, docs_worlds
from tests.unit.docs_readme import ROOT, Readme, tree
from tools.live import console, exec_demo, settings
from tools.live.audit.laws import LAWS, LAWS_OF_THE_LINE
from tools.live.audit.laws_edge import LAWS_OF_THE_WATCH
from tools.live.audit.reconcile_facts import LocalState, VenueState
from tools.live.audit.reconcile_findings import SEVERITY
from tools.live.core.clock import NS_PER_S
from tools.live.core.contracts_v1 import INPUTS, OUTPUTS, FillFault, RefusalReason
from tools.live.core.order import TRANSITIONS
from tools.live.core.record import fields_of
from tools.live.execution_loop import run_shadow_demo
from tools.live.portfolio.edge_decision import POLICY
from tools.live.portfolio.edge_markouts import DECIDING_NS, HORIZON_NAMES
from tools.live.reports.schema import SCHEMAS

Check = Callable[[Readme], list[str]]
LIVE = ROOT / "tools/live"
NOUNS = (
    "Event", "Command", "Journal", "Loop", "Strategy", "Gate", "Exchange", "Order", "Ledger",
    "Report",
)  # fmt: skip
SCHEMA_TYPES = {
    "string": "str", "integer": "int", "number": "float", "boolean": "bool", "array": "list",
    "null": "null", "object": "map",
}  # fmt: skip
LONGER_NAMES = {
    "max_inv": "max_inventory_usd_per_symbol",
    "max_total": "max_total_notional_usd",
    "edge_threshold": "edge_freeze_threshold_bps",
}


def compared(what: str, said: Iterable[Any], true: Iterable[Any]) -> list[str]:
    """Complaints about what is missing, what is too much, and else about the order."""
    said, true = list(said), list(true)
    found = [f"{what}: {item!r} is missing" for item in true if item not in said]
    found += [f"{what}: {item!r} is not true" for item in said if item not in true]
    if not found and said != true:
        found.append(f"{what}: the order is {true}")
    return found


@cache
def help_lines() -> tuple[tuple[str, str, str, str], ...]:
    """Every flag as the help shows it: its name, itself with its value, default, and meaning."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec_demo.main(["--help"])
    pattern = re.compile(r"^  (--[a-z-]+)( [A-Z,]+)? +(.*?)(?: \(default (\S+)\))?$", re.MULTILINE)
    return tuple(
        (match[1], f"{match[1]}{match[2] or ''}", match[4] or "", match[3])
        for match in pattern.finditer(printed.getvalue())
    )


def settings_table(readme: Readme) -> list[str]:
    """Every setting: flag, key, keyword, default and help text."""
    keywords = inspect.signature(run_shadow_demo).parameters
    rows: list[tuple[str, ...]] = []
    for name, flag, default, meaning in help_lines():
        key = name[2:].replace("-", "_")
        if key in settings.BY_KEY:
            keyword = LONGER_NAMES.get(key, key)
            shown = default or ("off" if flag == name else "none")
            rows.append((flag, key, keyword if keyword in keywords else "–", shown, meaning))
    return compared("settings", readme.table("Settings"), rows)


def keyword_defaults(readme: Readme) -> list[str]:
    """A keyword of `run_shadow_demo` has the default that the table tells."""
    known = inspect.signature(run_shadow_demo).parameters
    words = {"off": "False", "BTCUSDT,ETHUSDT": "None"}
    found = []
    for _, _, keyword, shown, _ in readme.table("Settings"):
        if keyword in known and str(known[keyword].default) != words.get(shown, shown):
            found.append(f"{keyword} is {known[keyword].default} by default, not {shown}")
    return found


def other_flags(readme: Readme) -> list[str]:
    """Every flag that is no setting."""
    rows = [
        (flag, meaning)
        for name, flag, _, meaning in help_lines()
        if name[2:].replace("-", "_") not in settings.BY_KEY
    ]
    return compared("flags", readme.table("Other flags"), rows)


def keywords(readme: Readme) -> list[str]:
    """Every keyword of `run_shadow_demo` is in the table or in the line below the flags."""
    named = {row[2] for row in readme.table("Settings")}
    below = " ".join(readme.sections["Other flags"])
    missing = [name for name in inspect.signature(run_shadow_demo).parameters if name not in named]
    return [f"{name} is not explained" for name in missing if f"`{name}`" not in below]


def exit_codes(readme: Readme) -> list[str]:
    """Every code with its name, in order of the codes."""
    codes = {name: value for name, value in vars(console).items() if name.startswith("EXIT_")}
    rows = [(str(codes[name]), name[5:].lower()) for name in sorted(codes, key=codes.__getitem__)]
    return compared("exit codes", [row[:2] for row in readme.table("Exit codes")], rows)


def report_keys(readme: Readme) -> list[str]:
    """Every key path of real reports with its types, and no other."""
    said = [(row[0], _sorted(row[1])) for row in readme.table("The report, key by key")]
    true = [(path, " / ".join(sorted(types))) for path, types in docs_runs.leaves().items()]
    return compared("report", sorted(said), sorted(true))


def schema_keys(readme: Readme) -> list[str]:
    """Every key path of the published schema with its types, and no other."""
    found: dict[str, set[str]] = {}
    _walk_schema(SCHEMAS["report"], "", found)
    said = [(row[0], _sorted(row[1])) for row in readme.table("The report, key by key")]
    true = [(path, " / ".join(sorted(types))) for path, types in found.items()]
    return compared("schema", sorted(said), sorted(true))


def _walk_schema(schema: dict[str, Any], path: str, found: dict[str, set[str]]) -> None:
    if path in docs_worlds.MODELS and "oneOf" not in schema:
        found.setdefault(path, set()).update(_schema_types(schema))
        return
    for one in schema.get("oneOf", ()):
        _walk_schema(one, path, found)
    below = dict(schema.get("properties", {}))
    if isinstance(schema.get("additionalProperties"), dict):
        below["*"] = schema["additionalProperties"]
    for key, value in below.items():
        name: str = docs_runs.MAPS.get(path) or key
        _walk_schema(value, f"{path}.{name}" if path else name, found)
    if schema.get("type") != "object" and "oneOf" not in schema:
        found.setdefault(path, set()).update(_schema_types(schema))


def _schema_types(schema: dict[str, Any]) -> list[str]:
    if "type" not in schema:
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        return [docs_runs.TYPES[type(value)] for value in values]
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return [SCHEMA_TYPES[name] for name in types]


def _sorted(types: str) -> str:
    return " / ".join(sorted(types.split(" / ")))


def refusals(readme: Readme) -> list[str]:
    """The reasons by precedence."""
    said = [row[0] for row in readme.table("Why the gate refuses")]
    return compared("refusals", said, [reason.value for reason in RefusalReason])


def faults(readme: Readme) -> list[str]:
    """The faults of fills."""
    said = [row[0] for row in readme.table("Why a fill is not booked")]
    return compared("faults", said, [fault.value for fault in FillFault])


def reconciliation(readme: Readme) -> list[str]:
    """The findings of a reconciliation in their order, each with its severity."""
    said = [row[:2] for row in readme.table("Reconciliation")]
    true = [(kind.value, severity.value) for kind, severity in SEVERITY.items()]
    return compared("findings", said, true)


def file_keys(readme: Readme) -> list[str]:
    """The keys of the two files that a reconciliation reads."""
    said = {row[0] for row in readme.table("From two files")}
    true = {*fields_of(LocalState), *fields_of(VenueState), "unanswered"}
    true.add("Key of the exchange's side")  # the head of the second table
    return compared("keys", sorted(said - {"---"}), sorted(true))


def conservation(readme: Readme) -> list[str]:
    """The laws in their order."""
    said = [row[0] for row in readme.table("What must add up")]
    return compared("laws", said, [*LAWS, *LAWS_OF_THE_WATCH, *LAWS_OF_THE_LINE])


def nouns(readme: Readme) -> list[str]:
    """Ten nouns, each with a module."""
    rows = readme.table("The ten nouns")
    found = compared("nouns", [row[0] for row in rows], NOUNS)
    return found + [f"{row[1]} is no file" for row in rows if not (ROOT / row[1]).is_file()]


def causes(readme: Readme) -> list[str]:
    """Every kind of event, and an arrow where one led to another in a recorded run."""
    said = tree(readme.named("causes"))
    arrows, outside = docs_runs.causes()
    kinds = {contract.kind for contract in (*INPUTS, *OUTPUTS)}
    found = compared("kinds", sorted(said.names), sorted(kinds))
    found += compared("causes", sorted(set(said.arrows)), sorted(arrows))
    return found + compared("outside", sorted(set(said.roots)), sorted(outside))


def modules(readme: Readme) -> list[str]:
    """Every module of the picture exists, every arrow is an import."""
    said = tree(readme.named("modules"))
    found = [f"{name} is no module" for name in sorted(said.names) if not (LIVE / name).is_file()]
    return found or [f"{a} does not import {b}" for a, b in said.arrows if b not in imported(a)]


@cache
def imported(name: str) -> frozenset[str]:
    """The files of the package that a file imports, written as in the picture."""
    found: set[str] = set()
    folder = (LIVE / name).parent
    for node in ast.walk(ast.parse((LIVE / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = folder.parents[node.level - 2] if node.level > 1 else folder
            base = base.joinpath(*(node.module or "").split("."))
            for path in (base, *(base / alias.name for alias in node.names)):
                if path.with_suffix(".py").is_file():
                    found.add(path.with_suffix(".py").relative_to(LIVE).as_posix())
    return frozenset(found)


def lifecycle(readme: Readme) -> list[str]:
    """The diagram is the table of transitions."""
    said = tree(readme.named("lifecycle"))
    true = [(old.value, new.value) for old, following in TRANSITIONS.items() for new in following]
    found = compared("lifecycle", sorted(said.arrows), sorted(true))
    return found + compared("states", sorted(said.names), sorted(s.value for s in TRANSITIONS))


def files(readme: Readme) -> list[str]:
    """The tree of the package is the one on the disk; files that only mark a folder aside."""
    said: list[str] = []
    folders: list[str] = []
    for line in readme.named("tree").splitlines()[1:]:
        depth = (len(line) - len(line.lstrip())) // 2 - 1
        name = line.split()[0]
        del folders[depth:]
        if name.endswith("/"):
            folders.append(name)
        else:
            said.append("".join([*folders, name]))
    there = [path.relative_to(LIVE).as_posix() for path in LIVE.rglob("*.py")]
    true = [name for name in there if not name.endswith("/__init__.py")]
    return compared("files", sorted(said), sorted(true))


def paths(readme: Readme) -> list[str]:
    """Links lead somewhere, and files named in the text exist."""
    text = "\n".join(readme.prose)
    anchors = {_anchor(title) for title in readme.sections}
    found = []
    for target in re.findall(r"\]\(([^)]+)\)", text):
        there = target[1:] in anchors if target.startswith("#") else (ROOT / target).exists()
        if not there:
            found.append(f"the link {target} leads nowhere")
    for name in re.findall(r"`([a-z_][\w./]*\.(?:py|toml|md)|(?:tools|tests)/[\w/]+)`", text):
        bases = (ROOT, LIVE, ROOT / "tests/unit")
        if not any((base / name).exists() for base in bases) and name not in _written(readme):
            found.append(f"{name} is no file")
    return found


def _written(readme: Readme) -> set[str]:
    return {block.name for block in readme.blocks}


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def targets(readme: Readme) -> list[str]:
    """Every make target that is named exists."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = re.findall(r"(?:^|`)make ([a-z-]+)", readme.text, re.MULTILINE)
    return [f"make {name} is no target" for name in named if name not in known]


_COUNTS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen",
)  # fmt: skip


def varied(readme: Readme) -> list[str]:
    """What `make matrix` varies."""
    rows = [
        ("Python", f"{', '.join(matrix.PYTHONS)}; {matrix.WASM_PYTHON} as WebAssembly"),
        ("Hash seed", ", ".join(matrix.HASH_SEEDS)),
        ("Time zone", ", ".join(matrix.ZONES)),
        ("Locale", ", ".join(matrix.LOCALES)),
    ]
    found = compared("matrix", readme.table("Determinism and its limits"), rows)
    replays = sum(run.verb == "replay" for run in RUNS)
    said = f"output of {_COUNTS[len(RUNS) - replays]} runs, and of {_COUNTS[replays]} replays"
    return found + ([] if said in readme.text else [f"make matrix compares the {said}"])


def times(readme: Readme) -> list[str]:
    """Which keys differ between two runs at different hours."""
    lines = readme.sections["Determinism and its limits"]
    said = [line[3:-1] for line in lines if line.startswith("- `")]
    one, other = _frozen_run(1_735_689_600_000), _frozen_run(1_735_700_000_123)
    differ = [
        f"{section}.{key}"
        for section, keys in one.items()
        for key in keys
        if keys[key] != other[section][key]
    ]
    return compared("times", sorted(said), sorted(differ))


def _frozen_run(start_ms: int) -> dict[str, Any]:
    return run_shadow_demo(
        iterations=20, edge_freeze_threshold_bps=3.0, clock=lambda: start_ms
    ).data


def edge_numbers(readme: Readme) -> list[str]:
    """The horizons of the computed edge, and how much evidence freezes."""
    text = " ".join(readme.sections["The edge and the freeze"])
    seconds = [name.removesuffix("s") for name in HORIZON_NAMES]
    true = (
        f"in the {', '.join(seconds[:-1])} and {seconds[-1]} seconds after",
        f"The markouts of {DECIDING_NS // NS_PER_S} second decide",
        f"the newest {POLICY.window} samples",
        f"{POLICY.z_thousandths // 1000} standard errors above it",
        f"the newest {POLICY.recent} samples alone",
        f"with {POLICY.recent_z_thousandths / 1000} standard errors",
        f"never with fewer than {POLICY.least} samples",
        f"for {POLICY.cool_down_ns // NS_PER_S} seconds nothing is decided",
        f"or with {POLICY.rearm} samples",
    )
    return [f"the edge is measured otherwise: {words}" for words in true if words not in text]


def no_network(readme: Readme) -> list[str]:
    """The modules that the page says are never imported are not."""
    line = next(line for line in readme.prose if "cannot reach a venue" in line)
    banned = re.findall(r"`(\w+)`", line.partition("imports")[2].partition(", no setting")[0])
    found = [] if len(banned) > 5 else ["the list of banned modules is gone"]
    for path in sorted(LIVE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: Sequence[str] = ()
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            found += [f"{path.name} imports {n}" for n in names if n.partition(".")[0] in banned]
    return found


def quoted_errors(readme: Readme) -> list[str]:
    """An error message is quoted only beside the command that prints it."""
    pattern = re.compile(r"\b[eE]rror: \w")
    loose = [line for line in readme.prose if pattern.match(line)]
    return [f"an error without its command: {line}" for line in loose]


def notebook(readme: Readme) -> list[str]:
    """The first example for notebooks stays five lines and ends by showing the report."""
    blocks = [b for b in readme.of_language("python") if "run_shadow_demo" in b.text]
    lines = [line for line in blocks[0].text.splitlines() if line]
    short = len(lines) == 5 and lines[-1] == "report"
    return [] if short else [f"the notebook example has {len(lines)} lines"]


CHECKS: tuple[Check, ...] = (
    settings_table, keyword_defaults, other_flags, keywords, exit_codes, report_keys, schema_keys,
    refusals, faults, reconciliation, file_keys, conservation, nouns, causes, modules, lifecycle,
    files, paths, targets, varied, times, edge_numbers, no_network, quoted_errors, notebook,
)  # fmt: skip
