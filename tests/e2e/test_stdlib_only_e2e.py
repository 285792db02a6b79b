"""The product runs on a bare Python, loads only what it says, and touches nothing it need not."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
ALLOWED = ROOT / "tests/e2e/goldens/bare_demo_imports.txt"
FROZEN = {"MM_FREEZE_UTC_ISO": "2025-01-01T00:00:00Z"}
DEMO = ["-m", "tools.live.exec_demo", "--shadow"]

# Too dear for a start-up, or a door to something that a bare demo has no business with.
NEVER = frozenset({
    "asyncio", "concurrent", "csv", "ctypes", "dataclasses", "email", "html", "http", "inspect",
    "logging", "multiprocessing", "pickle", "select", "selectors", "socket", "sqlite3",
    "ssl", "statistics", "subprocess", "tempfile", "threading", "tomllib", "unittest", "urllib",
    "uuid", "xml", "zipfile",
})  # fmt: skip

LOADED = """
import json, sys
from pathlib import Path
root, stdlib = sys.argv[1], str(Path(json.__file__).parent.parent)
asked = []

class Recorder:
    def find_spec(self, name, path=None, target=None):
        asked.append(name)
        return None

sys.meta_path.insert(0, Recorder())
sys.path.insert(0, root)
from tools.live.exec_demo import main
code = main(["--shadow"])
foreign = [name for name in asked if name.partition(".")[0] not in sys.stdlib_module_names]
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
outside = [f for f in files if f and not f.startswith((root, stdlib)) and "lib-dynload" not in f]
print(json.dumps({"code": code, "foreign": foreign, "outside": outside}), file=sys.stderr)
"""

TOUCHED = """
import os, sys
root, argv = sys.argv[1], sys.argv[2:]
touched = []
WATCHED = ("socket.", "subprocess.", "shutil.", "tempfile.", "sqlite3.", "ctypes.", "os.")
HARMLESS = ("os.listdir", "os.scandir", "os.fspath", "os.walk", "os.fwalk")

def hook(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC)
        if writes or set(mode or "") & set("wax+"):
            touched.append(f"open {path} {mode}")
    elif event.startswith(WATCHED) and event not in HARMLESS:
        touched.append(f"{event} {arguments}")
    elif event.startswith("_thread.start"):
        touched.append(event)

sys.addaudithook(hook)
sys.path.insert(0, root)
from tools.live.exec_demo import main
code = main(argv)
print(code, *touched, sep="\\n", file=sys.stderr)
"""


def run(
    *arguments: str, python: str = sys.executable, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """A child Python with the clock frozen and nothing of this process's Python settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV"))}
    return subprocess.run(
        [python, *arguments],
        cwd=cwd,
        env=kept | FROZEN,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def modules() -> list[str]:
    """Every module of the product, by its dotted name."""
    names = []
    for path in sorted((ROOT / "tools/live").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


@pytest.fixture(scope="module")
def reference() -> str:
    """What the demo prints from a clone."""
    done = run("-B", *DEMO)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the product installed from a copy of the tree, off line."""
    if importlib.util.find_spec("pip") is None:
        pytest.fail("pip is missing; make this environment with `make test`")
    folder = tmp_path_factory.mktemp("installed")
    tree, home = folder / "tree", folder / "home"
    skip = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in ("tools", ".ci"):
        shutil.copytree(ROOT / name, tree / name, ignore=skip)
    for name in ("pyproject.toml", "README_EXECUTION.md"):
        shutil.copy(ROOT / name, tree / name)
    made = run("-m", "venv", "--without-pip", str(home))
    assert made.returncode == 0, made.stderr
    folder_of_scripts = home / ("Scripts" if sys.platform == "win32" else "bin")
    python = folder_of_scripts / "python"
    pip = ["-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    done = run(*pip, "install", "--quiet", "--no-index", str(tree))
    assert done.returncode == 0, done.stderr
    shutil.rmtree(tree)
    return folder_of_scripts


def test_the_demo_runs_from_a_clone_without_site_packages(reference: str) -> None:
    done = run("-B", "-E", "-S", *DEMO)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == reference
    assert done.stdout.count("\n") == 1 and json.loads(done.stdout)


def test_only_standard_library_modules_load() -> None:
    done = run("-B", "-I", "-S", "-c", LOADED, str(ROOT))
    facts = json.loads(done.stderr.splitlines()[-1])
    own = [name for name in facts["foreign"] if name.split(".")[0] == "tools"]
    assert facts["code"] == 0
    assert own == facts["foreign"] and "tools.live.execution_loop" in own
    assert facts["outside"] == []


@pytest.mark.parametrize("name", modules())
def test_an_import_prints_nothing_and_needs_no_package(name: str) -> None:
    done = run("-B", "-E", "-S", "-c", f"import {name}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("edge", ["scripted", "computed"])
def test_a_run_touches_no_file_no_socket_and_no_thread(edge: str) -> None:
    done = run("-B", "-I", "-c", TOUCHED, str(ROOT), "--shadow", "--edge", edge)
    assert done.stderr == "0\n"
    assert json.loads(done.stdout)


def test_the_watch_itself_sees_a_written_file(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    done = run("-B", "-I", "-c", TOUCHED, str(ROOT), "--shadow", "--out", str(target))
    assert done.stderr.startswith("0\nopen ") and target.exists()


def test_the_installed_wheel_runs_anywhere(
    installed: Path, reference: str, tmp_path: Path
) -> None:
    done = run("-I", *DEMO, python=str(installed / "python"), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == reference


def test_the_console_script_is_the_demo(installed: Path, reference: str, tmp_path: Path) -> None:
    done = run("--shadow", python=str(installed / "shadow-demo"), cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, reference, "")
    refused = run(python=str(installed / "shadow-demo"), cwd=tmp_path)
    assert refused.returncode == 1 and refused.stdout == ""


def test_the_installed_version_is_the_one_in_the_source(installed: Path, tmp_path: Path) -> None:
    code = (
        "import importlib.metadata as m, tools.live as t;"
        "print(m.version('shadow-trading-toolkit') == t.__version__,"
        " m.requires('shadow-trading-toolkit'))"
    )
    done = run("-I", "-c", code, python=str(installed / "python"), cwd=tmp_path)
    assert done.stdout == "True None\n", done.stderr


def imported_by(*arguments: str) -> set[str]:
    """Top-level modules that a child imports, without built-in and private ones."""
    done = run("-B", "-I", "-S", "-X", "importtime", *arguments)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines[1:]}
    public = {name for name in names if not name.startswith("_")}
    return public - set(sys.builtin_module_names)


@pytest.fixture(scope="module")
def bare_demo() -> set[str]:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); " + (
        "from tools.live.exec_demo import main; sys.exit(main(['--shadow']))"
    )
    return imported_by("-c", code) - imported_by("-c", "pass") - {"tools"}


def test_a_bare_demo_imports_what_the_golden_list_allows(bare_demo: set[str]) -> None:
    lines = ALLOWED.read_text(encoding="utf-8").splitlines()
    allowed = [line for line in lines if not line.startswith("#")]
    assert allowed == sorted(set(allowed))
    assert sorted(bare_demo - set(allowed)) == []


def test_a_bare_demo_never_imports_what_is_dear(bare_demo: set[str]) -> None:
    assert sorted(bare_demo & NEVER) == []
    allowed = set(ALLOWED.read_text(encoding="utf-8").splitlines())
    assert sorted(allowed & NEVER) == []


def test_pip_installs_the_tree_without_build_isolation(
    tmp_path: Path, reference: str
) -> None:
    pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    target = tmp_path / "target"
    done = run(*pip, "--no-build-isolation", "--no-deps", "--target", str(target), str(ROOT))
    assert done.returncode == 0, done.stderr
    shown = run("-B", "-E", "-S", *DEMO, cwd=target)
    assert shown.stdout == reference
