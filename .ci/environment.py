"""Makes a virtual environment from one requirements file, and only when that file has changed.

It owns the stamp inside the environment, which holds a digest of the file and the Python that made
it. A second call with the same file and Python does nothing; a half-made environment has no stamp
and is made anew.

    python .ci/environment.py DIRECTORY REQUIREMENTS [PIP OPTION ...]
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Make the environment unless its stamp says that it is up to date."""
    directory, requirements, options = Path(arguments[0]), Path(arguments[1]), arguments[2:]
    wanted = f"{_digest(requirements)} {' '.join(options)} {sys.version} {sys.base_prefix}\n"
    stamp = directory / ".stamp"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"making {directory} from {requirements}", file=sys.stderr)
    venv.create(directory, clear=True, with_pip=True)
    python = directory / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    done = subprocess.run([*pip, *options, "--requirement", str(requirements)], check=False)
    if done.returncode:
        print(f"error: env: pip failed for {requirements}; see above", file=sys.stderr)
        return done.returncode
    stamp.write_text(wanted, encoding="utf-8")
    return 0


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
