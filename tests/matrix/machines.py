"""Finds what the matrix runs on: interpreters, locales, and Python as WebAssembly.

Nothing here names a machine's folders: an interpreter is looked up on PATH and among the versions
of pyenv, locales that are not installed are compiled into the build folder, and the WebAssembly
build comes from its package registry with the digest that is written below.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

BUILD = Path(".build/matrix")

PYODIDE_VERSION = "314.0.7"
PYODIDE_SHA512 = (
    "0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A=="
)


class Missing(Exception):
    """Something that the matrix needs is not on this machine; the message says what."""


def find_python(minor: str) -> Path:
    """The interpreter of that minor version, checked by asking it."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = sorted((root / "versions").glob(f"{minor}.*/bin/python"), key=_patch_number)
    on_path = shutil.which(f"python{minor}")
    for candidate in [*reversed(candidates), *([Path(on_path)] if on_path else [])]:
        if _answers_as(candidate, minor):
            return candidate
    raise Missing(f"Python {minor} is neither on PATH nor among the pyenv versions")


def _patch_number(path: Path) -> int:
    digits = path.parent.parent.name.rpartition(".")[2]
    return int(digits) if digits.isdigit() else -1


def _answers_as(python: Path, minor: str) -> bool:
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", question], capture_output=True, text=True)
    except OSError:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == minor


def find_locale(name: str) -> dict[str, str]:
    """The environment in which this locale can be set; compiled first if it must be."""
    if name == "C":
        return {"LC_ALL": "C"}
    if not (compiler := shutil.which("localedef")):
        raise Missing(f"locale {name} is unknown and there is no localedef to compile it")
    folder = (BUILD / "locales").resolve()
    if not (folder / name).is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        language, _, charset = name.partition(".")
        command = [compiler, "--no-archive", "-i", language, "-f", charset, str(folder / name)]
        done = subprocess.run(command, capture_output=True, text=True)
        if not (folder / name).is_dir():
            raise Missing(f"localedef could not compile {name}: {done.stderr.strip()}")
    return {"LC_ALL": name, "LOCPATH": str(folder)}


def find_node() -> Path:
    """Node, which runs the WebAssembly build."""
    if node := shutil.which("node"):
        return Path(node)
    raise Missing("node is not on PATH")


def fetch_pyodide() -> Path:
    """The folder of the pinned WebAssembly build, fetched and checked on first use."""
    folder = BUILD / f"pyodide-{PYODIDE_VERSION}"
    done = folder / "package" / ".checked"
    if done.is_file():
        return done.parent
    archive = BUILD / f"pyodide-{PYODIDE_VERSION}.tgz"
    BUILD.mkdir(parents=True, exist_ok=True)
    if not archive.is_file():
        _npm_pack(archive)
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != PYODIDE_SHA512:
        archive.unlink()
        raise SystemExit(f"error: matrix: {archive} has SHA-512 {digest}, not the pinned one")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    done.touch()
    return done.parent


def _npm_pack(archive: Path) -> None:
    if not (npm := shutil.which("npm")):
        raise Missing("npm is not on PATH, so the WebAssembly build cannot be fetched")
    command = [npm, "pack", "--silent", f"pyodide@{PYODIDE_VERSION}"]
    command += ["--pack-destination", str(archive.parent)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode or not archive.is_file():
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Missing(f"npm could not fetch pyodide {PYODIDE_VERSION}: {reason}")
