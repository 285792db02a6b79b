"""A sweep over two processes against one, beside what the machine gives two that only count.

Two processors that share a core, a cache or a neighbour are less than two. So the same is measured
with arithmetic that needs no memory and no start: what that falls short of 2 is not the sweep's.
"""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MARKET = "tests/market/extracts/binance-spot.jsonl"
SPREADS = 6
PIECES = 24
STEPS = 1_000_000


def seconds_sweep(jobs: int, seeds: int) -> float:
    """Wall time of the whole command: six widths of our quotes with so many seeds."""
    vary = f"spread_bps=1:{SPREADS}:1 seed=1:{seeds}:1"
    began = time.perf_counter()
    subprocess.run(
        [
            sys.executable, "-m", "tools.live", "sweep", "--market", MARKET, "--vary", vary,
            "--requote", "--jobs", str(jobs),
        ],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    return time.perf_counter() - began


def seconds_arithmetic(processes: int) -> float:
    """Wall time of the same pieces of arithmetic, with their processes ready."""
    if processes == 1:
        began = time.perf_counter()
        for _ in range(PIECES):
            count(STEPS)
        return time.perf_counter() - began
    with ProcessPoolExecutor(processes) as executor:
        list(executor.map(count, [1] * processes))
        began = time.perf_counter()
        list(executor.map(count, [STEPS] * PIECES))
        return time.perf_counter() - began


def count(steps: int) -> int:
    """Plain arithmetic on small numbers."""
    number = 0
    for step in range(steps):
        number = (number * 31 + step) & 0xFFFFFF
    return number


def ratios(seeds: int) -> tuple[float, float]:
    """How much two processes are of one, taken in turn: of a sweep, and of arithmetic."""
    one, alone = seconds_sweep(1, seeds), seconds_arithmetic(1)
    two, both = seconds_sweep(2, seeds), seconds_arithmetic(2)
    return one / two, alone / both
