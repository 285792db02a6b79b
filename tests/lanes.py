"""Runs all tests in lanes beside each other, as many lanes as the machine has cores.

    python -m tests.lanes [PYTEST ARGUMENTS]

The tests are dealt into shares, and a lane that is through with one takes the next. What a share
printed is shown as one piece when it has ended, and at the end the coverage is put together. The
simulated lives and the proofs run without coverage, which would make them several times as slow:
what they prove the other tests have covered.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parent
OWN_TARGETS = frozenset({"bench", "interop"})
PROOFS = ("sim", "exchange", "market", "crash")  # the longest first
UNIT = "unit"
UNIT_SHARES = 6  # the last to begin: small ones, so that the lanes end together
MOST_LANES = 4
COVERAGE = (sys.executable, "-m", "coverage")
_COUNTED = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed)")


class Share(NamedTuple):
    """What one process tests, and whether under coverage."""

    name: str
    traced: bool
    paths: tuple[str, ...]


class Ended(NamedTuple):
    """What came of a share."""

    share: Share
    code: int
    output: str
    seconds: float


def shares() -> list[Share]:
    """All tests of the main suite, each in one share, in the order in which they begin."""
    found = sorted({path.parent.relative_to(TESTS).parts[0] for path in TESTS.rglob("*/test_*.py")})
    others = [name for name in found if name not in {*OWN_TARGETS, *PROOFS, UNIT}]
    files = sorted(path.name for path in (TESTS / UNIT).glob("test_*.py"))
    units = [
        Share(
            f"unit {number} of {UNIT_SHARES}",
            True,
            tuple(f"tests/{UNIT}/{name}" for name in files[number - 1 :: UNIT_SHARES]),
        )
        for number in range(1, UNIT_SHARES + 1)
    ]
    proofs = [Share(name, False, (f"tests/{name}",)) for name in PROOFS]
    rest = Share(" ".join(others), True, tuple(f"tests/{name}" for name in others))
    return [*proofs, rest, *units]


def command(share: Share, given: list[str]) -> list[str]:
    """How a share is run."""
    begin = [*COVERAGE, "run", "--parallel-mode"] if share.traced else [sys.executable]
    return [*begin, "-m", "pytest", *given, *share.paths]


def run(share: Share, given: list[str]) -> Ended:
    """Run one share to its end."""
    started = time.monotonic()
    done = subprocess.run(
        command(share, given), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        encoding="utf-8", errors="replace",
    )  # fmt: skip
    return Ended(share, done.returncode, done.stdout, time.monotonic() - started)


def counted(output: str) -> Counter[str]:
    """What the last line of a test run counts."""
    lines = [line for line in output.splitlines() if _COUNTED.search(line)]
    found = _COUNTED.findall(lines[-1]) if lines else []
    return Counter({word: int(count) for count, word in found})


def main(given: list[str]) -> int:
    """Run every share; 0 when all of them passed."""
    started = time.monotonic()
    subprocess.run([*COVERAGE, "erase"], check=True)
    sums: Counter[str] = Counter()
    failed = []
    todo = shares()
    lanes = min(os.cpu_count() or 1, MOST_LANES)
    with ThreadPoolExecutor(lanes) as pool:
        running = [pool.submit(run, share, given) for share in todo]
        try:
            for future in as_completed(running):
                ended = future.result()
                print(f"\n-- {ended.share.name}: {ended.seconds:.0f} s", flush=True)
                print(ended.output, end="", flush=True)
                sums += counted(ended.output)
                failed += [ended.share.name] if ended.code else []
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    subprocess.run([*COVERAGE, "combine", "--quiet"], check=True)
    told = ", ".join(f"{sums[word]} {word}" for word in sorted(sums)) or "no tests"
    print(f"all tests: {told} in {time.monotonic() - started:.1f}s on {lanes} lanes")
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
