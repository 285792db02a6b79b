"""What every command shares: exit codes, the one-line error, did-you-mean, progress, signals."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NoReturn, TextIO

from .core.errors import ContractError, LiveError

EXIT_OK = 0
EXIT_CHECK_FAILED = 1
EXIT_USAGE = 2
EXIT_INTEGRITY = 3
EXIT_LOCKED = 4
EXIT_STORAGE = 5
EXIT_HALTED = 6
EXIT_PEER = 7
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


class Usage(ContractError):
    """The command line itself is wrong."""


class Parser(argparse.ArgumentParser):
    """argparse without abbreviations, answering mistakes in one line with a suggestion."""

    def __init__(self, *, prog: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def parse(self, argv: Sequence[str] | None) -> argparse.Namespace:
        """Parse everything; an unknown argument is a `Usage` naming the nearest known flag."""
        options, unknown = self.parse_known_args(argv)
        if unknown:
            flag = unknown[0].split("=", 1)[0]
            known = [name for action in self._actions for name in action.option_strings]
            raise Usage(f"unknown argument {flag!r} on the command line; {did_you_mean(flag, known)}")
        return options

    def error(self, message: str) -> NoReturn:
        raise Usage(f"{message} on the command line; see --help")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint naming the nearest known word, or where to look when none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else "see --help"


def run(command: Callable[[], int], *, debug: bool) -> int:
    """Run a command and turn what goes wrong into its exit code and one line on stderr."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = command()
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        if debug:
            raise
        code, kind = _classify(error)
        say(f"error: {kind}: {one_line(error)}")
        return code


def _classify(error: Exception) -> tuple[int, str]:
    if isinstance(error, Usage):
        return EXIT_USAGE, "usage"
    if isinstance(error, (ContractError, FileNotFoundError, IsADirectoryError, PermissionError)):
        return EXIT_USAGE, "input"
    if isinstance(error, LiveError):
        return EXIT_CHECK_FAILED, "check"
    if isinstance(error, ConnectionError | TimeoutError):
        return EXIT_PEER, "peer"
    if isinstance(error, OSError):
        return EXIT_STORAGE, "storage"
    return EXIT_CHECK_FAILED, "internal"


def one_line(error: Exception) -> str:
    """The message of an error without line breaks or control characters."""
    if isinstance(error, OSError) and error.strerror:
        shown = f"{error.strerror} at {error.filename!r}" if error.filename else error.strerror
    else:
        shown = str(error) or error.__class__.__name__
    if not isinstance(error, (LiveError, OSError)):
        shown = f"{error.__class__.__name__}: {shown}; run again with --debug and report it"
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in shown)


def say(text: str) -> None:
    """One line on stderr; a closed or full stderr must not hide the exit code."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        return


def _terminate(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(EXIT_TERMINATED)


class Progress:
    """A line on stderr that renews itself: share done, rate, freeze, time left."""

    _EVERY_STEPS = 256
    _EVERY_SECONDS = 0.2

    def __init__(self, stream: TextIO, orders: Callable[[], int], frozen: Callable[[], bool]) -> None:
        self._stream = stream
        self._orders = orders
        self._frozen = frozen
        self._began = self._shown = time.monotonic()
        self._wrote = False

    def __call__(self, done: int, total: int) -> None:
        if done % self._EVERY_STEPS and done != total:
            return
        now = time.monotonic()
        if now - self._shown < self._EVERY_SECONDS:
            return
        self._shown = now
        self._wrote = True
        rate = done / max(now - self._began, 1e-9)
        state = "FROZEN" if self._frozen() else "active"
        left = (total - done) / max(rate, 1e-9)
        self._stream.write(
            f"\r{100 * done // total:3d} %  {done}/{total} steps  {rate:,.0f}/s"
            f"  {self._orders()} orders  {state}  {left:.0f} s left   "
        )
        self._stream.flush()

    def close(self) -> None:
        """Leave a clean line behind."""
        if self._wrote:
            self._stream.write("\r" + " " * 78 + "\r")
            self._stream.flush()
