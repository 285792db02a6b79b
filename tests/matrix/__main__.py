"""``make matrix``: the same runs on every machine we can stand up, compared by their bytes.

Every combination of Python, hash seed, time zone and locale runs them all; each Python also runs
them once as a user would, each in a process of its own; and Python as WebAssembly runs them under
Node. A named run passes when all of them give one SHA-256. Something missing is skipped loudly on
a developer's machine and is a failure where ``CI`` is set.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.matrix import machines

PYTHONS = ("3.11", "3.12", "3.13")
HASH_SEEDS = ("0", "1", "random")
ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns")
LOCALES = ("C", "tr_TR.UTF-8")
WASM_COMBINATIONS = (("0", "UTC"), ("1", "Asia/Kathmandu"))
WASM_PYTHON = "3.14"
SECONDS_FOR_ONE = 300
CAMPS_SHOWN = 3
FAULT_CHARACTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """One command under one environment."""

    label: str
    python: str
    command: tuple[str, ...]
    environment: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a combination said: the digest of each named run, or why there is none."""

    combination: Combination
    digests: dict[str, str]
    fault: str


def combinations(skipped: list[str]) -> Iterator[Combination]:
    """All that can run here; what cannot is named in ``skipped``."""
    locales: dict[str, dict[str, str]] = {}
    for name in LOCALES:
        try:
            locales[name] = machines.find_locale(name)
        except machines.Missing as missing:
            skipped.append(str(missing))
    for minor in PYTHONS:
        try:
            yield from _native(minor, str(machines.find_python(minor)), locales)
        except machines.Missing as missing:
            skipped.append(str(missing))
    try:
        yield from _wasm()
    except machines.Missing as missing:
        skipped.append(str(missing))


def _native(
    minor: str, python: str, locales: dict[str, dict[str, str]]
) -> Iterator[Combination]:
    driver = (python, "-m", "tests.matrix.driver")
    for seed, zone, name in itertools.product(HASH_SEEDS, ZONES, locales):
        yield Combination(
            label=f"{minor} hash seed {seed}, {zone}, {name}",
            python=minor,
            command=(*driver, "inside"),
            environment={"PYTHONHASHSEED": seed, "TZ": zone, **locales[name]},
        )
    yield Combination(
        label=f"{minor} one process a run",
        python=minor,
        command=(*driver, "outside"),
        environment={"PYTHONHASHSEED": "random", "TZ": ZONES[-1], **locales[[*locales][-1]]},
    )


def _wasm() -> Iterator[Combination]:
    node, folder = machines.find_node(), machines.fetch_pyodide()
    for seed, zone in WASM_COMBINATIONS:
        yield Combination(
            label=f"{WASM_PYTHON} WebAssembly, hash seed {seed}, {zone}",
            python=WASM_PYTHON,
            command=(str(node), "tests/matrix/wasm.mjs", str(folder), "."),
            environment={"PYTHONHASHSEED": seed, "TZ": zone},
        )


def measure(combination: Combination) -> Outcome:
    """Run one combination and read its line."""
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", ""),
        "PYTHONPYCACHEPREFIX": str((machines.BUILD / "bytecode").resolve()),
        **combination.environment,
    }
    try:
        done = subprocess.run(
            combination.command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS_FOR_ONE,
        )
    except subprocess.TimeoutExpired:
        return Outcome(combination=combination, digests={}, fault="took too long")
    if done.returncode:
        fault = done.stderr.decode(errors="replace").strip()[-FAULT_CHARACTERS:]
        return Outcome(combination=combination, digests={}, fault=fault or "no output")
    facts = json.loads(done.stdout.splitlines()[-1])
    wrong = not facts["python"].startswith(f"{combination.python}.")
    fault = f"ran under Python {facts['python']}" if wrong else ""
    return Outcome(combination=combination, digests=facts["digests"], fault=fault)


def report(outcomes: list[Outcome], skipped: list[str], seconds: float) -> int:
    """Print the table; 0 when every run has one digest and nothing failed."""
    faults = [outcome for outcome in outcomes if outcome.fault]
    _print_faults(faults)
    by_run: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for outcome in outcomes:
        for name, digest in outcome.digests.items():
            by_run[name][digest].append(outcome.combination.label)
    split = [name for name, found in by_run.items() if len(found) > 1]
    for name, found in by_run.items():
        print(f"{name:24} {'DIFFERS' if name in split else next(iter(found))}")
        if name in split:
            _print_camps(found)
    for reason in skipped:
        print(f"SKIPPED {reason}", file=sys.stderr)
    failed = bool(faults or split or not by_run or (skipped and os.environ.get("CI")))
    whole = hashlib.sha256("\n".join(d for f in by_run.values() for d in f).encode()).hexdigest()
    pythons = sorted({o.combination.python for o in outcomes if not o.fault}, key=_minor)
    print(
        f"matrix: {'FAILED' if failed else 'ok'}, {len(outcomes) - len(faults)} of"
        f" {len(outcomes)} combinations, {len(by_run) - len(split)} of {len(by_run)} outputs"
        f" equal, Python {' '.join(pythons)}, {seconds:.0f} s, sha256 {whole}"
    )
    return 1 if failed else 0


def _print_faults(faults: list[Outcome]) -> None:
    alike: dict[str, list[str]] = defaultdict(list)
    for outcome in faults:
        alike[outcome.fault].append(outcome.combination.label)
    for fault, labels in alike.items():
        print(f"FAILED  {len(labels)} combinations, such as {labels[0]}", file=sys.stderr)
        print(fault, file=sys.stderr)


def _print_camps(found: dict[str, list[str]]) -> None:
    camps = sorted(found.items(), key=lambda item: -len(item[1]))
    for digest, labels in camps[:CAMPS_SHOWN]:
        print(f"    {digest}  {len(labels)} combinations, such as {labels[0]}")
    if len(camps) > CAMPS_SHOWN:
        print(f"    and {len(camps) - CAMPS_SHOWN} more digests")


def _minor(python: str) -> int:
    return int(python.partition(".")[2])


def main() -> int:
    """Run everything on two cores and report."""
    started = time.monotonic()
    os.chdir(Path(__file__).resolve().parent.parent.parent)
    skipped: list[str] = []
    todo = list(combinations(skipped))
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        outcomes = list(pool.map(measure, todo))
    return report(outcomes, skipped, time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
