"""The build backend: turns this tree into a wheel whose bytes depend on nothing but the sources.

It owns the wheel, the source archive and the editable install (PEP 517, PEP 660) and needs only
the standard library, so that a build fetches nothing. File times, modes, owners and order are
fixed here. The wheel stores its files uncompressed: what a compressor emits depends on the
library that it is linked with, and the same bytes everywhere are worth more than a few kilobytes.

    pip install .                     builds through this file
    python .ci/backend.py wheel DIR   writes the wheel and prints its SHA-256 and name
"""

from __future__ import annotations

import ast
import base64
import gzip
import hashlib
import io
import re
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "tools/live"
PACKAGED_SUFFIXES = frozenset({".py", ".json", ".css", ".typed"})
SDIST_EXTRAS = ("pyproject.toml", ".ci/backend.py")

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
TAR_EPOCH = 315532800  # 1980-01-01, as in the wheel
FILE_MODE = 0o100644
UNIX = 3

Settings = Mapping[str, Any] | None
Files = dict[str, bytes]


def build_wheel(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Write the wheel into ``wheel_directory`` and return its name."""
    return _write_wheel(Path(wheel_directory), _package_files())


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Write a wheel that holds only a path to this tree, and return its name."""
    pth = f"{ROOT}\n".encode()
    return _write_wheel(Path(wheel_directory), {f"__editable__.{_stem()}.pth": pth})


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Write the source archive into ``sdist_directory`` and return its name."""
    project = _project()
    names = [*SDIST_EXTRAS, project["readme"]]
    files = {name: (ROOT / name).read_bytes() for name in names} | _package_files()
    files["PKG-INFO"] = _metadata(project)
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=TAR_EPOCH) as zipped:
        with tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name, content in sorted(files.items()):
                entry = tarfile.TarInfo(f"{_stem()}/{name}")
                entry.size, entry.mtime, entry.mode = len(content), TAR_EPOCH, 0o644
                archive.addfile(entry, io.BytesIO(content))
    target = f"{_stem()}.tar.gz"
    (Path(sdist_directory) / target).write_bytes(buffer.getvalue())
    return target


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """Nothing: a build needs only the standard library."""
    return []


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    """Nothing: a build needs only the standard library."""
    return []


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """Nothing: a build needs only the standard library."""
    return []


def version() -> str:
    """The version as ``tools/live/__init__.py`` spells it, read without importing it."""
    source = (ROOT / PACKAGE / "__init__.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__version__")], value=ast.Constant(value=text)):
                return _checked_version(text)
            case ast.AnnAssign(target=ast.Name(id="__version__"), value=ast.Constant(value=text)):
                return _checked_version(text)
    raise SystemExit(f"error: build: no __version__ at {PACKAGE}/__init__.py; assign one literal")


def _checked_version(text: object) -> str:
    if not isinstance(text, str) or not re.fullmatch(r"\d+(\.\d+)*((a|b|rc|\.dev)\d+)?", text):
        raise SystemExit(f"error: build: __version__ {text!r} is not a release number")
    return text


def _project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project: dict[str, Any] = table["project"]
    if project["dependencies"] or project.get("optional-dependencies"):
        raise SystemExit("error: build: this toolkit has no runtime packages; remove dependencies")
    return project


def _stem() -> str:
    """``name-version`` with the name in the form that file names require (PEP 503, PEP 625)."""
    name = re.sub(r"[-_.]+", "_", _project()["name"]).lower()
    return f"{name}-{version()}"


def _package_files() -> Files:
    files: Files = {}
    for path in (ROOT / PACKAGE).rglob("*"):
        relative = path.relative_to(ROOT)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in relative.parts)
        if path.is_file() and path.suffix in PACKAGED_SUFFIXES and not hidden:
            files[relative.as_posix()] = path.read_bytes()
    return files


def _metadata(project: dict[str, Any]) -> bytes:
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {version()}",
        f"Summary: {project['description']}",
        f"Keywords: {','.join(project['keywords'])}",
        *(f"Classifier: {classifier}" for classifier in project["classifiers"]),
        f"Requires-Python: {project['requires-python']}",
        "Description-Content-Type: text/markdown",
        "",
        (ROOT / project["readme"]).read_text(encoding="utf-8"),
    ]
    return "\n".join(lines).encode()


def _write_wheel(directory: Path, files: Files) -> str:
    project = _project()
    info = f"{_stem()}.dist-info"
    scripts = (f"{name} = {target}\n" for name, target in sorted(project["scripts"].items()))
    tags = "Wheel-Version: 1.0\nGenerator: shadow-trading-toolkit\nRoot-Is-Purelib: true\n"
    described = dict(sorted(files.items())) | {
        f"{info}/METADATA": _metadata(project),
        f"{info}/WHEEL": f"{tags}Tag: py3-none-any\n".encode(),
        f"{info}/entry_points.txt": "".join(["[console_scripts]\n", *scripts]).encode(),
    }
    record = "".join(_record_line(name, content) for name, content in described.items())
    record_name = f"{info}/RECORD"
    described[record_name] = f"{record}{record_name},,\n".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in described.items():
            entry = zipfile.ZipInfo(name, ZIP_EPOCH)
            entry.create_system = UNIX
            entry.external_attr = FILE_MODE << 16
            archive.writestr(entry, content)
    target = f"{_stem()}-py3-none-any.whl"
    (directory / target).write_bytes(buffer.getvalue())
    return target


def _record_line(name: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"


def _console() -> int:
    if len(sys.argv) != 3 or sys.argv[1] not in ("wheel", "sdist"):
        print("usage: backend.py wheel|sdist DIRECTORY", file=sys.stderr)
        return 2
    directory = Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    build = build_wheel if sys.argv[1] == "wheel" else build_sdist
    name = build(str(directory))
    print(hashlib.sha256((directory / name).read_bytes()).hexdigest(), name)
    return 0


if __name__ == "__main__":
    sys.exit(_console())
