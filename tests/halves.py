"""Runs all tests with branch coverage in two processes: the simulations, and everything else.

    python -m tests.halves [PYTEST ARGUMENTS]

Either half takes several minutes of one core. The output of the one that runs behind the other is
printed when both are through, and their coverage is put together.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parent
SIMULATIONS = ("crash", "sim")
COVERAGE = (sys.executable, "-m", "coverage")
_COUNTED = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed)")


def folders() -> tuple[list[str], list[str]]:
    """The folders with tests of the main suite: those of the simulations, and the others."""
    own = {"bench", "interop"}  # run by targets of their own
    found = sorted({path.parent.relative_to(TESTS).parts[0] for path in TESTS.rglob("*/test_*.py")})
    found = [name for name in found if name not in own]
    others = [name for name in found if name not in SIMULATIONS]
    return [f"tests/{name}" for name in SIMULATIONS], [f"tests/{name}" for name in others]


def counted(output: str) -> dict[str, int]:
    """What the last line of a test run counts."""
    lines = [line for line in output.splitlines() if _COUNTED.search(line)]
    return {word: int(count) for count, word in _COUNTED.findall(lines[-1])} if lines else {}


def main(given: list[str]) -> int:
    """Run both halves; 0 when both passed."""
    started = time.monotonic()
    simulations, others = folders()
    run = [*COVERAGE, "run", "--parallel-mode", "-m", "pytest", *given]
    subprocess.run([*COVERAGE, "erase"], check=True)
    outputs, codes = [], []
    with tempfile.TemporaryFile("w+", encoding="utf-8") as behind:
        beside = subprocess.Popen([*run, *simulations], stdout=behind, stderr=subprocess.STDOUT)
        try:
            front = subprocess.Popen(
                [*run, *others], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            assert front.stdout is not None
            outputs.append("")
            for line in front.stdout:
                print(line, end="", flush=True)
                outputs[0] += line
            codes = [front.wait(), beside.wait()]
        finally:
            beside.kill()
            beside.wait()
        behind.seek(0)
        outputs.append(behind.read())
        print(outputs[1], end="")
    subprocess.run([*COVERAGE, "combine", "--quiet"], check=True)
    sums: dict[str, int] = {}
    for output in outputs:
        for word, count in counted(output).items():
            sums[word] = sums.get(word, 0) + count
    told = ", ".join(f"{sums[word]} {word}" for word in sorted(sums)) or "no tests"
    print(f"both halves: {told} in {time.monotonic() - started:.1f}s")
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
