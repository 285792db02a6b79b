"""Runs the named runs under this interpreter and prints one JSON line of their digests.

    python -m tests.matrix.driver inside     all runs in this process, one after another
    python -m tests.matrix.driver outside    each run as its own ``python -m`` process

The first form is the quick one, and the harder one: a run that leaves something behind changes the
next. It also switches the whole process to the locale of the environment, which Python by itself
does only for character types, so that a number printed the local way shows in the digest.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import json
import locale
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.matrix.runs import COMMAND, FROZEN_UTC, RUNS, Run

Produce = Callable[[Run, str], tuple[int, bytes]]


def digests(produce: Produce) -> dict[str, str]:
    """The SHA-256 of stdout, and of the page where there is one, for each named run."""
    found: dict[str, str] = {}
    for run in RUNS:
        with tempfile.TemporaryDirectory() as out:
            code, output = produce(run, out)
            if code != 0 or not output:
                raise SystemExit(f"error: matrix: run {run.name} ended with exit code {code}")
            found[run.name] = hashlib.sha256(output).hexdigest()
            if run.page is not None:
                page = (Path(out) / run.page).read_bytes()
                found[f"{run.name} (html)"] = hashlib.sha256(page).hexdigest()
    return found


def inside(run: Run, out: str) -> tuple[int, bytes]:
    """Run the product in this process, with its standard output caught as bytes."""
    front = f"{COMMAND}.__main__" if run.module == COMMAND else run.module
    main = importlib.import_module(front).main
    caught = io.BytesIO()
    stdout = io.TextIOWrapper(caught, encoding=sys.stdout.encoding, newline="")
    with contextlib.redirect_stdout(stdout):
        code = main(run.argv(out))
        stdout.flush()
    return int(code), caught.getvalue()


def outside(run: Run, out: str) -> tuple[int, bytes]:
    """Run the product as a user does, in a process of its own."""
    command = [sys.executable, "-m", run.module, *run.argv(out)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    return done.returncode, done.stdout


def main(arguments: list[str]) -> int:
    """Print where this ran and what each run hashed to, as one JSON line."""
    os.environ["MM_FREEZE_UTC_ISO"] = FROZEN_UTC
    locale.setlocale(locale.LC_ALL, "")
    facts = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "platform": sys.platform,
        "decimal_point": str(locale.localeconv()["decimal_point"]),
        "digests": digests({"inside": inside, "outside": outside}[arguments[0]]),
    }
    print(json.dumps(facts))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
