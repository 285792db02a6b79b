"""The wheel: the same bytes from any folder, and in it the product and nothing else."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from email.parser import BytesParser
from pathlib import Path

import backend
import environment
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
BUILT_FROM = ("pyproject.toml", "README_EXECUTION.md", ".ci/backend.py")
SETUP = "import os, sys; os.umask(int(sys.argv[2], 8)); sys.path.insert(0, '.ci'); import backend; "


def a_copy(folder: Path, *, mtime: int | None = None) -> Path:
    """The tree as a fresh clone would have it, in a folder of its own."""
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=skip)
    for name in BUILT_FROM:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for path in folder.rglob("*"):
        if mtime is not None and path.is_file():
            os.utime(path, (mtime, mtime))
            path.chmod(0o600)
    return folder


def build(tree: Path, *, kind: str = "wheel", umask: str = "022") -> Path:
    """Build in a child process, from inside the tree, as an installer does."""
    code = f"{SETUP} print(backend.build_{kind}(sys.argv[1]))"
    out = tree / "out"
    out.mkdir(exist_ok=True)
    command = [sys.executable, "-I", "-S", "-c", code, str(out), umask]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out / done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(a_copy(tmp_path_factory.mktemp("wheel")))


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_two_folders_two_umasks_two_dates_one_archive(tmp_path: Path, kind: str) -> None:
    one = build(a_copy(tmp_path / "one", mtime=1_000_000_000), kind=kind, umask="022")
    two = build(a_copy(tmp_path / "a longer name"), kind=kind, umask="077")
    assert one.name == two.name
    assert one.read_bytes() == two.read_bytes()


def test_leftovers_of_a_working_tree_change_nothing(tmp_path: Path, wheel: Path) -> None:
    tree = a_copy(tmp_path / "used")
    cache = tree / "tools/live/__pycache__"
    cache.mkdir()
    for leftover in (cache / "x.py", tree / "tools/live/.hidden.py", tree / "tools/live/x.orig"):
        leftover.write_text("leftover", encoding="utf-8")
    assert build(tree).read_bytes() == wheel.read_bytes()


def test_the_wheel_holds_the_product_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    info = f"shadow_trading_toolkit-{backend.version()}.dist-info"
    assert wheel.name == f"shadow_trading_toolkit-{backend.version()}-py3-none-any.whl"
    modules = {str(p.relative_to(ROOT)) for p in (ROOT / "tools/live").rglob("*.py")}
    assert modules <= set(names)
    described = {f"{info}/{x}" for x in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    assert {name for name in names if not name.startswith("tools/live/")} == described
    assert "tools/__init__.py" not in names
    assert not [name for name in names if "LICEN" in name.upper()]


def test_the_record_describes_every_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        modes = {entry.external_attr >> 16 for entry in archive.infolist()}
    record_name = next(name for name in files if name.endswith("/RECORD"))
    rows = list(csv.reader(io.StringIO(files[record_name].decode())))
    assert [row[0] for row in rows] == list(files)
    assert rows[-1] == [record_name, "", ""]
    for name, digest, size in rows[:-1]:
        found = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).rstrip(b"=")
        assert (digest, int(size)) == (f"sha256={found.decode()}", len(files[name]))
    assert modes == {0o100644}


def test_the_metadata_asks_for_no_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        metadata = BytesParser().parsebytes(archive.read(name))
        scripts = archive.read(name.replace("METADATA", "entry_points.txt")).decode()
    assert metadata["Name"] == "shadow-trading-toolkit"
    assert metadata["Version"] == backend.version()
    assert metadata["Requires-Python"] == ">=3.11"
    assert "Requires-Dist" not in metadata and "License" not in metadata
    assert scripts == "[console_scripts]\nshadow-demo = tools.live.exec_demo:console\n"
    readme = (ROOT / "README_EXECUTION.md").read_text(encoding="utf-8")
    assert str(metadata.get_payload(decode=True), "utf-8") == readme  # type: ignore[arg-type]


def test_the_source_archive_builds_the_same_wheel(tmp_path: Path, wheel: Path) -> None:
    sdist = build(a_copy(tmp_path / "tree"), kind="sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    unpacked = tmp_path / "unpacked" / sdist.name.removesuffix(".tar.gz")
    assert build(unpacked).read_bytes() == wheel.read_bytes()


def test_an_editable_install_points_at_the_tree(tmp_path: Path) -> None:
    tree = a_copy(tmp_path / "tree")
    with zipfile.ZipFile(build(tree, kind="editable")) as archive:
        path = next(name for name in archive.namelist() if name.endswith(".pth"))
        assert archive.read(path).decode() == f"{tree}\n"


def test_a_runtime_package_is_refused(tmp_path: Path) -> None:
    tree = a_copy(tmp_path / "tree")
    project = tree / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace("dependencies = []", 'dependencies = ["x"]'), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, ".ci/backend.py", "wheel", "out"], cwd=tree, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == (
        "error: build: this toolkit has no runtime packages; remove dependencies\n"
    )


@pytest.mark.parametrize("text", ["", "__version__ = str(1)", "__version__ = 'one'"])
def test_a_version_that_is_no_release_number_is_refused(tmp_path: Path, text: str) -> None:
    tree = a_copy(tmp_path / "tree")
    (tree / "tools/live/__init__.py").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, ".ci/backend.py", "wheel", "out"], cwd=tree, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: build: ") and done.stderr.count("\n") == 1


def test_a_build_needs_no_package() -> None:
    assert backend.get_requires_for_build_wheel() == []
    assert backend.get_requires_for_build_sdist() == []
    assert backend.get_requires_for_build_editable() == []


def test_the_development_packages_are_two_and_the_lock_holds_them() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dependencies"] == []
    assert list(project["dependency-groups"]) == ["dev"]
    dev = project["dependency-groups"]["dev"]
    assert sorted(requirement.partition("==")[0] for requirement in dev) == ["coverage", "pytest"]
    lock = (ROOT / "tests/requirements.txt").read_text(encoding="utf-8")
    pins = [line for line in lock.splitlines() if not line.startswith(" ")]
    assert all("==" in pin and pin.endswith("\\") for pin in pins)
    assert {f"{requirement} \\" for requirement in dev} <= set(pins)
    hashed = lock.replace("\\\n    --hash=sha256:", " ").splitlines()
    assert all(len(line.split()) > 1 for line in hashed)


def make(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True)


def test_make_alone_lists_the_targets(must_have: Callable[[str, bool], None]) -> None:
    must_have("make", shutil.which("make") is not None)
    listed = {line.split()[1] for line in make().stdout.splitlines()}
    wanted = {"demo", "test", "check", "matrix", "bench", "interop", "goldens", "types", "clean"}
    assert wanted <= listed


def test_a_python_too_old_is_told_in_one_line(
    tmp_path: Path, must_have: Callable[[str, bool], None]
) -> None:
    must_have("make", shutil.which("make") is not None)
    old = tmp_path / "python"
    code = "import sys; sys.version_info = (3, 8, 1); exec(sys.argv[1])"
    old.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{code}' \"$2\"\n", encoding="utf-8")
    old.chmod(0o755)
    done = make("demo", f"PYTHON={old}")
    assert done.returncode == 2 and done.stdout == ""
    first, *rest = done.stderr.splitlines()
    assert first == f"error: python: {old} is 3.8, but 3.11 or newer is needed; set PYTHON"
    assert all(line.startswith("make") for line in rest)


def test_an_environment_is_made_once_for_each_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def create(directory: Path, **_: object) -> None:
        made.append("made")
        directory.mkdir(exist_ok=True)

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, returncode=int(lock.read_text() == "broken"))

    monkeypatch.setattr(environment.venv, "create", create)
    monkeypatch.setattr(environment.subprocess, "run", run)
    lock = tmp_path / "requirements.txt"
    arguments = [str(tmp_path / "env"), str(lock)]
    for content, code, times in [("a", 0, 1), ("a", 0, 1), ("b", 0, 2), ("broken", 1, 3)]:
        lock.write_text(content, encoding="utf-8")
        assert environment.main(arguments) == code
        assert len(made) == times
    assert environment.main(arguments) == 1, "what failed once must not count as made"
