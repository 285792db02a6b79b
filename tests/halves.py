"""Runs all tests with branch coverage in two processes: the simulations, and everything else.

    python -m tests.halves [PYTEST ARGUMENTS]

Either half takes several minutes of one core. The output of the one that runs behind the other is
printed when both are through, and their coverage is put together. The proofs on whole recordings
run last in the second half and without coverage, which would make them several times as slow: what
they prove the unit tests have covered.
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
RECORDINGS = ("market",)
COVERAGE = (sys.executable, "-m", "coverage")
_COUNTED = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed)")


def folders() -> tuple[list[str], list[str], list[str]]:
    """The folders with tests of the main suite: simulations, others, and those on recordings."""
    own = {"bench", "interop"}  # run by targets of their own
    found = sorted({path.parent.relative_to(TESTS).parts[0] for path in TESTS.rglob("*/test_*.py")})
    apart = {*own, *SIMULATIONS, *RECORDINGS}
    others = [name for name in found if name not in apart]
    simulations, others, recordings = (
        [f"tests/{name}" for name in names] for names in (SIMULATIONS, others, RECORDINGS)
    )
    return simulations, others, recordings


def counted(output: str) -> dict[str, int]:
    """What the last line of a test run counts."""
    lines = [line for line in output.splitlines() if _COUNTED.search(line)]
    return {word: int(count) for count, word in _COUNTED.findall(lines[-1])} if lines else {}


def shown(command: list[str]) -> tuple[int, str]:
    """Run a command, its output printed as it comes; its exit code and the output."""
    output = ""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(line, end="", flush=True)
            output += line
    return running.returncode, output


def main(given: list[str]) -> int:
    """Run both halves; 0 when all of it passed."""
    started = time.monotonic()
    simulations, others, recordings = folders()
    plain = [sys.executable, "-m", "pytest", *given]
    run = [*COVERAGE, "run", "--parallel-mode", "-m", "pytest", *given]
    subprocess.run([*COVERAGE, "erase"], check=True)
    outputs: list[str] = []
    codes: list[int] = []
    with tempfile.TemporaryFile("w+", encoding="utf-8") as behind:
        beside = subprocess.Popen([*run, *simulations], stdout=behind, stderr=subprocess.STDOUT)
        try:
            for command in ([*run, *others], [*plain, *recordings]):
                code, output = shown(command)
                codes.append(code)
                outputs.append(output)
            codes.append(beside.wait())
        finally:
            beside.kill()
            beside.wait()
        behind.seek(0)
        outputs.append(behind.read())
        print(outputs[-1], end="")
    subprocess.run([*COVERAGE, "combine", "--quiet"], check=True)
    sums: dict[str, int] = {}
    for output in outputs:
        for word, count in counted(output).items():
            sums[word] = sums.get(word, 0) + count
    told = ", ".join(f"{sums[word]} {word}" for word in sorted(sums)) or "no tests"
    print(f"both halves: {told} in {time.monotonic() - started:.1f}s")
    return max(map(abs, codes))  # a run that a signal ended is no success either


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
