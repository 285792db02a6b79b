"""`python -m tests.bench [--gate]`: the table of figures, and whether the goals hold.

Every figure is a ratio of runs taken in turn, the median of the pairs; no goal is an absolute
time. It exits 1 when a goal is missed. `--gate` is for a build, which must not fail for a
neighbour's load or another kind of processor: it leaves out what takes minutes, asks for less than
the goals, and measures a group of figures again when one was missed, up to three times in all.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    books, drift, journal_floor, market, recorded_run, simulated, sweeping, workload,
)  # fmt: skip
from tests.market import captures
from tools.live.sim.delays import FAST
from tools.live.sim.queue import PowerQueue
from tools.live.sim.terms import Terms

ROOT = Path(__file__).resolve().parent.parent.parent
QUOTES = 100_000
PAIRS = 5
KIBIBYTE = 1024
BASELINE = "import argparse, json, dataclasses, enum, decimal"
STARTS = 21
ROOM = 0.2
TRIES = 3

Row = tuple[str, str, str, bool]


def main() -> int:
    """Print the table; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--gate", action="store_true", help="the quick part, for CI")
    parser.add_argument("--child", nargs=2, metavar=("QUOTES", "RETAIN"), help=argparse.SUPPRESS)
    parser.add_argument("--simulated", metavar="QUOTES", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.simulated is not None:
        simulated.run_retained(options.simulated)
        print(_own_peak_kb())
        return 0
    if options.child is not None:
        return _child(*(int(word) for word in options.child))
    different = workload.differences(8_000)
    if different:
        print("the floor and the product do not agree on:", ", ".join(different))
        return 1
    room = ROOM if options.gate else 0.0
    tries = TRIES if options.gate else 1
    rows = _held(tries, lambda: _speed(room))
    rows += _memory(long=not options.gate)
    rows += _held(tries, lambda: [_start_up(room)])
    rows += _held(tries, lambda: _journal(options.gate))
    rows += _held(tries, lambda: _market(options.gate))
    rows += _held(tries, lambda: _simulated(options.gate))
    rows += _held(tries, lambda: _sweep(options.gate))
    if not options.gate:
        rows += [_growth(), _simulated_memory(), *_imports(), _drift()]
    width = max(len(row[0]) for row in rows)
    print(f"{'figure':<{width}}  {'measured':>14}  goal")
    for name, measured, goal, held in rows:
        print(f"{name:<{width}}  {measured:>14}  {goal}{'' if held else '   MISSED'}")
    return 0 if all(row[3] for row in rows) else 1


def _held(tries: int, measure: Callable[[], list[Row]]) -> list[Row]:
    """The rows of one measurement; of the first in which all goals hold, if there is such a one."""
    rows = measure()
    for _ in range(tries - 1):
        missed = [row for row in rows if not row[3]]
        if not missed:
            break
        for name, measured, goal, _ in missed:
            print(f"measured again: {name}: {measured}, wanted {goal}", file=sys.stderr)
        rows = measure()
    return rows


def _speed(room: float) -> list[Row]:
    """Ours against the floor, as Python runs it and with the collector settings of our loop."""
    workload.seconds_floor(QUOTES // 10)
    workload.seconds_ours(QUOTES // 10)
    ours, floors, quiets, leans = [], [], [], []
    for _ in range(PAIRS):
        leans.append(workload.seconds_lean(QUOTES))
        ours.append(workload.seconds_ours(QUOTES))
        floors.append(workload.seconds_floor(QUOTES))
        quiets.append(workload.seconds_floor(QUOTES, quiet=True))
    ratio = statistics.median(f / o for f, o in zip(floors, ours, strict=True))
    quiet = statistics.median(q / o for q, o in zip(quiets, ours, strict=True))
    lean = statistics.median(n / o for n, o in zip(leans, ours, strict=True))
    least = 0.5 - 0.5 * room
    rate = 2 * QUOTES / statistics.median(ours)
    return [
        ("W1, of the same bookkeeping by hand", f"{ratio:.2f} x", ">= 0.50", ratio >= least),
        ("the same, under our collector settings", f"{quiet:.2f} x", ">= 0.50", quiet >= least),
        ("W1, of less bookkeeping, without a report", f"{lean:.2f} x", "", True),
        ("W1 here, orders a second", f"{rate:,.0f}", "", True),
    ]


# What is measured, its goal, and what a build is failed for: a disk of many users makes these wide.
_JOURNAL = {
    "W1": ("journaled W1, of W1 without a journal", 0.45, 0.2),
    "most": ("the most of it, with every line made by hand", 0.0, 0.0),
    "append": ("appending alone, of the same lines by hand", 0.5, 0.38),
    "commit": ("group commits, of write and fsync alone", 0.8, 0.4),
    "rebuild": ("state from a journal, of json.loads alone", 0.7, 0.4),
    "verify": ("decided again and compared, of the same", 0.21, 0.14),
    "read": ("records one by one, of json.loads alone", 0.7, 0.4),
}


def _journal(gate: bool) -> list[Row]:
    """The journal against its floors."""
    events = journal_floor.some_events(20_000)
    ratios: dict[str, list[float]] = {name: [] for name in _JOURNAL}
    for _ in range(3 if gate else PAIRS):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            plain = workload.seconds_ours(QUOTES // 5)
            ratios["W1"].append(plain / workload.seconds_journaled(QUOTES // 5, folder / "w1"))
            by_hand = journal_floor.floor_lines(folder / "w1", folder / "e")
            ratios["most"].append(plain / (plain + by_hand))
            floor = journal_floor.floor_read(folder / "w1")
            ratios["rebuild"].append(floor / journal_floor.product_rebuild(folder / "w1"))
            ratios["verify"].append(floor / journal_floor.product_verify(folder / "w1"))
            floor = journal_floor.floor_append(folder / "a", events)
            ratios["append"].append(floor / journal_floor.product_append(folder / "b", events))
            product = journal_floor.product_commits(folder / "c", events, journal_floor.BATCH)
            written = journal_floor.stored(folder / "c")
            floor = journal_floor.floor_commits(
                folder / "d", written, events, journal_floor.BATCH
            )
            ratios["commit"].append(floor / product)
            floor = journal_floor.floor_read(folder / "c")
            ratios["read"].append(floor / journal_floor.product_read(folder / "c"))
    rows = []
    for name, (label, goal, least) in _JOURNAL.items():
        wanted, found = least if gate else goal, statistics.median(ratios[name])
        shown = f">= {wanted:.2f}" if wanted else ""
        rows.append((label, f"{found:.2f} x", shown, found >= wanted))
    return rows


# What is measured, its goal, and what a build is failed for.
_MARKET = {
    "books": ("canonical events and books of a futures capture, of json.loads", 0.5, 0.3),
    "orders": ("a recorded market without orders, of two orders a quote", 1 / 3, 0.25),
}


def _market(gate: bool) -> list[Row]:
    """Market data against its floors; the recordings must be there in CI."""
    if not captures.RECORDINGS.exists() and not os.environ.get("CI"):
        return [("market data: the recordings are not here", "", "", True)]
    ratios: dict[str, list[float]] = {name: [] for name in _MARKET}
    lines = books.some_lines(captures.USDM)
    for _ in range(3 if gate else PAIRS):
        floor = books.floor_loads(lines)
        ratios["books"].append(floor / books.product_books(captures.USDM, lines))
        floor = recorded_run.seconds_run(orders=False)
        ratios["orders"].append(floor / recorded_run.seconds_run(orders=True))
    rows = []
    for name, (label, goal, least) in _MARKET.items():
        wanted, found = least if gate else goal, statistics.median(ratios[name])
        rows.append((label, f"{found:.2f} x", f">= {wanted:.2f}", found >= wanted))
    return rows


# What is measured, its goal, and what a build is failed for.
_SIMULATED = {
    "W1": ("W1 on the simulated exchange with a queue, of W1", 0.35, 0.22),
    "delays": ("the same where everything takes its time", 0.0, 0.0),
    "alone": ("that exchange alone, of an instant-fill simulator", 0.8, 0.25),
    "counted": ("the same, of one whose ids are counted and times given", 0.0, 0.0),
}


def _simulated(gate: bool) -> list[Row]:
    """The simulated exchange against the spine, and against one that fills at once."""
    quotes = QUOTES // 5
    ratios: dict[str, list[float]] = {name: [] for name in _SIMULATED}
    for _ in range(3 if gate else PAIRS):
        plain = workload.seconds_ours(quotes)
        terms = Terms(queue=PowerQueue(2))
        ratios["W1"].append(plain / simulated.seconds_simulated(quotes, terms))
        terms = Terms(queue=PowerQueue(2), delays=FAST)
        ratios["delays"].append(plain / simulated.seconds_simulated(quotes, terms))
        alone = simulated.seconds_alone(quotes)
        ratios["alone"].append(simulated.seconds_instant(quotes, drawn=True) / alone)
        ratios["counted"].append(simulated.seconds_instant(quotes, drawn=False) / alone)
    rows = []
    for name, (label, goal, least) in _SIMULATED.items():
        wanted, found = least if gate else goal, statistics.median(ratios[name])
        shown = f">= {wanted:.2f}" if wanted else ""
        rows.append((label, f"{found:.2f} x", shown, found >= wanted))
    return rows


# What is the goal, and what part of the ratio of the machine itself a build is failed for.
SWEEP_GOAL, SWEEP_PART = 1.8, 0.6


def _sweep(gate: bool) -> list[Row]:
    """A sweep on two processes; a build asks for a part of what the machine itself gives two."""
    pairs = [sweeping.ratios(8 if gate else 32) for _ in range(1 if gate else 3)]
    found, machine = (statistics.median(each) for each in zip(*pairs, strict=True))
    least = SWEEP_PART * machine if gate else SWEEP_GOAL
    return [
        ("a sweep with two processes, of one", f"{found:.2f} x", f">= {least:.2f}", found >= least),
        ("two processes of plain arithmetic, of one", f"{machine:.2f} x", "", True),
    ]


def _imports() -> list[Row]:
    """Market data, of merely unpacking and splitting its file; nothing is gated."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what, path in market.write_files(folder).items():
            ratios: dict[str, list[float]] = {"read": [], "imported": [], "read back": []}
            for turn in range(PAIRS):
                floor, journal = market.floor(path), folder / f"{path.stem}-{turn}"
                ratios["read"].append(floor / market.seconds_read(path))
                ratios["imported"].append(floor / market.seconds_imported(path, journal))
                ratios["read back"].append(floor / market.seconds_read_back(journal))
            for how, found in ratios.items():
                median = statistics.median(found)
                rows.append((f"{what} {how}, of unpacking it", f"{median:.3f} x", "", True))
    return rows


def _drift() -> Row:
    """Cost of a drift comparison with a ring 4,096 times as large: it grows as a logarithm."""
    pairs = [
        drift.seconds_compared(drift.LARGE) / drift.seconds_compared(drift.SMALL)
        for _ in range(PAIRS)
    ]
    ratio = statistics.median(pairs)
    name = f"a drift comparison, ring of {drift.LARGE:,} over {drift.SMALL}"
    return name, f"{ratio:.2f} x", "<= 3.00", ratio <= 3


def _growth() -> Row:
    """Cost of an order at a million quotes over that at ten thousand, before and after it."""
    small = [workload.seconds_ours(10_000) / 10_000 for _ in range(PAIRS)]
    large = workload.seconds_ours(1_000_000) / 1_000_000
    small += [workload.seconds_ours(10_000) / 10_000 for _ in range(PAIRS)]
    growth = large / statistics.median(small)
    return "cost of an order, 10^6 quotes over 10^4", f"{growth:.2f} x", "<= 1.30", growth <= 1.3


def _memory(*, long: bool) -> list[Row]:
    """Peak memory of child processes, so that one run does not see another's."""
    few, many = 10_000, 110_000
    orders = 2 * (many - few)
    each = (_peak_kb(many, -1) - _peak_kb(few, -1)) * KIBIBYTE / orders
    short = _peak_kb(50_000, 1_000)
    longer = _peak_kb(1_000_000 if long else 200_000, 1_000)
    grown = (longer - short) / KIBIBYTE
    times = 20 if long else 4
    return [
        ("memory of a finished order", f"{each:.0f} bytes", "<= 600", each <= 600),
        (f"growth of a run {times} x as long, 1000 kept", f"{grown:.1f} MiB", "<= 4", grown <= 4),
    ]


def _simulated_memory() -> Row:
    """Growth of a simulated run ten times as long, both of them with few orders retained."""
    few, many = (_peak_of("--simulated", quotes) for quotes in (100_000, 1_000_000))
    grown = (many - few) / KIBIBYTE
    name = "growth of a simulated run 10 x as long, 1000 kept"
    return name, f"{grown:.1f} MiB", "<= 4", grown <= 4


def _peak_kb(quotes: int, retain: int) -> int:
    return _peak_of("--child", quotes, retain)


def _peak_of(*words: str | int) -> int:
    command = [sys.executable, "-m", "tests.bench", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return int(done.stdout)


def _child(quotes: int, retain: int) -> int:
    workload.run_ours(quotes, None if retain < 0 else retain)
    print(_own_peak_kb())
    return 0


def _own_peak_kb() -> int:
    """This process's peak; what getrusage says may be its parent's, carried through the fork."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (peak,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peak.split()[1])


def _start_up(room: float) -> Row:
    """The demo with its defaults against five imports, in pairs, compiled modules warm."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        demo = _timer([sys.executable, "-m", "tools.live.exec_demo", "--shadow"], environment)
        imports = _timer([sys.executable, "-c", BASELINE], environment)
        demo()
        imports()
        ratio = statistics.median(demo() / imports() for _ in range(STARTS))
    held = ratio <= 1.6 + 1.6 * room
    return "start-up of the demo over five imports", f"{ratio:.2f} x", "<= 1.60", held


def _timer(command: list[str], environment: dict[str, str]) -> Callable[[], float]:
    def seconds() -> float:
        began = time.perf_counter()
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        return time.perf_counter() - began

    return seconds


if __name__ == "__main__":
    sys.exit(main())
