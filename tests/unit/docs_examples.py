"""Runs the README's examples: Python in this process, commands in a real shell.

In a Python block, lines that begin with `#> ` are what the block prints. In a console block a line
that begins with `$ ` is a command and what follows is its output, stdout and stderr together;
`...` in it stands for anything. A block whose fence names a file is written to the folder first.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.unit.docs_readme import ROOT, Block, Readme

PRINTED = "#> "
NOT_HERE = ("make ", "git ")
FILE_LANGUAGES = ("toml", "csv", "json")


def prepare(readme: Readme, folder: Path) -> None:
    """Make a folder look like the root of a clone that holds the README's files."""
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(sys.executable)
    for name in ("tools", "tests"):
        (folder / name).symlink_to(ROOT / name, target_is_directory=True)
    for block in readme.of_language(*FILE_LANGUAGES):
        if block.name:
            (folder / block.name).write_text(block.text, encoding="utf-8")


def python_complaints(block: Block, folder: Path) -> list[str]:
    """Run a Python block; say where its output is not what it promises."""
    lines = block.text.splitlines()
    promised = [line.removeprefix(PRINTED) for line in lines if line.startswith(PRINTED)]
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        exec(compile(block.text, f"README line {block.line}", "exec"), {"__name__": "example"})
    got = printed.getvalue().splitlines()
    return [] if got == promised else [f"line {block.line} prints {got}, promised is {promised}"]


def transcript(block: Block) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output that the README promises."""
    found: list[tuple[str, str]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
        else:
            raise ValueError(f"line {block.line}: a console block begins with a command")
    return found


def outputs(commands: list[str], folder: Path) -> list[str]:
    """What each command prints when all of them are typed into one shell."""
    mark = "@@end-of-output@@"
    script = ["code=0"]
    for command in commands:
        script += [f"(exit $code); {command}", "code=$?", f"echo {mark}"]
    done = subprocess.run(
        [shutil.which("sh") or "sh", "-c", "\n".join(script)],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return done.stdout.split(f"{mark}\n")[: len(commands)]


def environment(folder: Path) -> dict[str, str]:
    """The least that a command needs, with `python` meaning this interpreter.

    Bytecode goes beside the folder, so that the tree stays clean and nothing is compiled twice.
    """
    path = os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", os.defpath)])
    compiled = str(folder.parent / "bytecode")
    return {"PATH": path, "PYTHONPYCACHEPREFIX": compiled, "HOME": str(folder)}


def console_complaints(block: Block, folder: Path) -> list[str]:
    """Type a console block into a shell; say where its output is not what is promised."""
    promised = transcript(block)
    got = outputs([command for command, _ in promised], folder)
    complaints = []
    for (command, expected), actual in zip(promised, got, strict=True):
        if not matches(expected, actual):
            complaints.append(f"line {block.line}: `{command}` prints\n{actual}not\n{expected}")
    return complaints


def matches(expected: str, actual: str) -> bool:
    """Whether an output is the promised one, `...` standing for anything."""
    expected = expected.replace("...\n", "...")
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, actual, re.DOTALL) is not None


def bash_complaints(block: Block, folder: Path) -> list[str]:
    """Run a block of commands as a script that stops at the first failure."""
    lines = [line for line in block.text.splitlines() if not line.startswith(NOT_HERE)]
    done = subprocess.run(
        [shutil.which("sh") or "sh", "-e", "-c", "\n".join(lines)],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    failed = done.returncode or done.stderr
    return [f"line {block.line} ends with {done.returncode}: {done.stderr}"] if failed else []
