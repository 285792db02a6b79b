"""Runs all tests in two processes: the simulations and proofs, and everything else.

    python -m tests.halves [PYTEST ARGUMENTS]

Either half takes several minutes of one core. The output of the one that runs behind the other is
printed when both are through, and the coverage is put together. Proofs on whole recordings and of
the simulated exchange run without coverage, which would make them several times as slow: what they
prove the unit tests have covered.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

TESTS = Path(__file__).resolve().parent
SIMULATIONS = ("crash", "sim")
PROOFS = ("exchange", "market")
BEHIND = "--behind"
COVERAGE = (sys.executable, "-m", "coverage")
_ENDED = re.compile(r"^=* ?\d+ (?:passed|failed|errors?|skipped)\b.* in [\d.]+s.*$", re.MULTILINE)
_COUNTED = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed)")


def folders() -> tuple[list[str], list[str], list[str]]:
    """The folders with tests of the main suite: simulations, others, and proofs."""
    own = {"bench", "interop"}  # run by targets of their own
    found = sorted({path.parent.relative_to(TESTS).parts[0] for path in TESTS.rglob("*/test_*.py")})
    apart = {*own, *SIMULATIONS, *PROOFS}
    others = [name for name in found if name not in apart]
    simulations, others, proofs = (
        [f"tests/{name}" for name in names] for names in (SIMULATIONS, others, PROOFS)
    )
    return simulations, others, proofs


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


def behind(given: list[str]) -> int:
    """The half that runs behind the other: simulations, then proofs."""
    simulations, _, proofs = folders()
    traced = [*COVERAGE, "run", "--parallel-mode", "-m", "pytest", *given, *simulations]
    plain = [sys.executable, "-m", "pytest", *given, *proofs]
    return max(abs(shown(command)[0]) for command in (traced, plain))


def main(given: list[str]) -> int:
    """Run both halves; 0 when all of it passed."""
    started = time.monotonic()
    others = folders()[1]
    subprocess.run([*COVERAGE, "erase"], check=True)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as kept:
        command = [sys.executable, "-m", "tests.halves", BEHIND, *given]
        beside = subprocess.Popen(
            command, stdout=kept, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            command = [*COVERAGE, "run", "--parallel-mode", "-m", "pytest", *given, *others]
            code, output = shown(command)
            codes = [code, beside.wait()]
        finally:
            with suppress(ProcessLookupError):
                os.killpg(beside.pid, signal.SIGKILL)
            beside.wait()
        kept.seek(0)
        behind_it = kept.read()
        outputs = [output, *runs(behind_it)]
        print(behind_it, end="")
    subprocess.run([*COVERAGE, "combine", "--quiet"], check=True)
    sums: dict[str, int] = {}
    for output in outputs:
        for word, count in counted(output).items():
            sums[word] = sums.get(word, 0) + count
    told = ", ".join(f"{sums[word]} {word}" for word in sorted(sums)) or "no tests"
    print(f"both halves: {told} in {time.monotonic() - started:.1f}s")
    return max(map(abs, codes))  # a run that a signal ended is no success either


def runs(output: str) -> list[str]:
    """The outputs of the runs that stand behind each other, each up to the line that counts."""
    ends = [match.end() for match in _ENDED.finditer(output)]
    return [output[at:end] for at, end in pairwise([0, *ends])]


if __name__ == "__main__":
    half, words = (behind, sys.argv[2:]) if sys.argv[1:2] == [BEHIND] else (main, sys.argv[1:])
    sys.exit(half(words))
