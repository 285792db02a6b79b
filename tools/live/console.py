"""What every command shares: its flags, exit codes, the one-line error, progress and signals.

Data goes to stdout through `emit`, everything else to stderr through `say`. `run` turns whatever
goes wrong into an exit code and one line that ends in what to do next. The parser is our own: it
answers better than argparse and starts ten milliseconds sooner.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, TextIO

from .core.errors import ContractError, LiveError
from .core.record import record

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

_BAD_NAME = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)


class Usage(ContractError):
    """The command line itself is wrong."""


class _Terminated(BaseException):
    """Somebody sent SIGTERM."""


@record
class Flag:
    """One flag: its name, what its value is called ("" for a switch), its help and its group."""

    name: str
    value: str
    help: str
    group: str = ""

    @property
    def key(self) -> str:
        return self.name[2:].replace("-", "_")


HELP = Flag("--help", "", "show this help, also with -h", "general")
VERSION = Flag("--version", "", "show the version", "general")
DEBUG = Flag("--debug", "", "show the traceback of an error, too", "general")


class Parser:
    """Flags in, a dict of their texts out: no abbreviations, no guessing, the last one wins."""

    def __init__(
        self, *, usage: str, about: str, flags: Sequence[Flag], examples: Sequence[str], end: str
    ) -> None:
        self._usage = usage
        self._about = about
        self._flags = flags
        self._examples = examples
        self._end = end

    def parse(self, argv: Sequence[str]) -> dict[str, Any]:
        """Text by flag, True for a switch, None and False for what is absent.

        Whoever asks for help or the version gets it, whatever else is on the line.
        """
        found: dict[str, Any] = {flag.key: None if flag.value else False for flag in self._flags}
        known = {flag.name: flag for flag in self._flags}
        wrong: Usage | None = None
        place = 0
        while place < len(argv):
            place += 1
            name, equals, text = argv[place - 1].partition("=")
            flag = known.get("--help" if name == "-h" else name)
            problem = None
            if flag is None:
                problem = self._unknown(name)
            elif not flag.value:
                found[flag.key] = True
                if equals:
                    problem = f"{name} takes no value, but got {text[:60]!r}"
            elif equals:
                found[flag.key] = text
            elif place < len(argv) and not argv[place].startswith("--"):
                found[flag.key] = argv[place]
                place += 1
            else:
                problem = f"{name} lacks its value"
            if problem is not None and wrong is None:
                wrong = Usage(f"{problem} at argument {place}; {self._advice(name, flag)}")
        if wrong is not None and not found["help"] and not found.get("version"):
            raise wrong
        return found

    def _unknown(self, name: str) -> str:
        return f"unknown {'flag' if name.startswith('-') else 'word'} {name[:60]!r}"

    def _advice(self, name: str, flag: Flag | None) -> str:
        if flag is None:
            return did_you_mean(name, [known.name for known in self._flags])
        return f"write {f'{flag.name} {flag.value}'.strip()}"

    def help(self) -> str:
        """The help text: the same on every terminal."""
        lines = [f"usage: {self._usage}", "", self._about]
        group = None
        for flag in self._flags:
            if flag.group != group:
                group = flag.group
                lines += ["", f"{group}:"] if group else [""]
            lines.append(f"  {f'{flag.name} {flag.value}':<23} {flag.help}".rstrip())
        lines += ["", "examples:", *(f"  {example}" for example in self._examples)]
        return "\n".join([*lines, "", self._end]) + "\n"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint naming the nearest known word, or where to look when none is near."""
    from difflib import get_close_matches

    asked = word[:60]
    names = {one: one for one in known}
    if asked.strip("-"):  # the dashes say nothing of how near it is
        asked, names = asked.lstrip("-"), {one.lstrip("-"): one for one in names}
    begun = [one for one in names if asked and one.startswith(asked)]
    near = begun if len(begun) == 1 else get_close_matches(asked, list(names), n=1, cutoff=0.6)
    return f"did you mean {names[near[0]]!r}?" if near else "see --help"


def run(
    command: Callable[[], int], *, debug: bool, task: str = "the run before its report",
    again: str = "start it again",
) -> int:  # fmt: skip
    """Run a command and turn what goes wrong into its exit code and one line on stderr.

    `task` names what a signal puts an end to, `again` says what to do then.
    """
    before = _on_sigterm(_terminate)
    try:
        code = command()
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader has seen enough
        _settle(sys.stdout)
        return EXIT_OK
    except KeyboardInterrupt as ended:
        say(f"error: interrupted: SIGINT ended {task}; {again}")
        _say_notes(ended)
        return EXIT_INTERRUPTED
    except _Terminated as ended:
        say(f"error: terminated: SIGTERM ended {task}; {again}")
        _say_notes(ended)
        return EXIT_TERMINATED
    except Exception as error:
        if debug:
            import traceback

            say(traceback.format_exc().rstrip("\n"))
        code, kind = _classify(error)
        _settle(sys.stdout)
        say(f"error: {kind}: {one_line(error)}")
        if not debug:
            _say_notes(error)
        return code
    finally:
        _on_sigterm(before)


def emit(text: str) -> None:
    """Data on stdout, the same bytes on every system."""
    out = sys.stdout
    if out is None:
        raise OSError("stdout is closed; open it or give --out FILE")
    reconfigure = getattr(out, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(newline="\n")
    out.write(text)


def say(text: str) -> None:
    """One line on stderr; a closed or full stderr must not hide the exit code."""
    stream = sys.stderr
    try:
        if stream is not None:
            stream.write(text + "\n")
            stream.flush()
    except OSError:
        _settle(stream)


def _say_notes(error: BaseException) -> None:
    """What else there is to know, such as what a run may have left behind; a traceback has it."""
    for note in getattr(error, "__notes__", ()):
        say(f"note: {note}")


def one_line(error: Exception) -> str:
    """The message of an error in printable characters; it ends in what to do next."""
    shown = str(error) or error.__class__.__name__
    advice = "see --help"
    if isinstance(error, OSError):
        advice = "check the disk and the name"
        if error.strerror:
            where = f" at {error.filename!r}" if error.filename else ""
            shown = error.strerror + where
    elif not isinstance(error, LiveError):
        shown = f"{error.__class__.__name__}: {shown}"
        advice = "run again with --debug and report it"
    if ";" not in shown:
        shown = f"{shown}; {advice}"
    return "".join(char if char.isprintable() else _escaped(char) for char in shown)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


_LIVE_WORDS = {
    EXIT_INTEGRITY: "integrity", EXIT_LOCKED: "lock", EXIT_STORAGE: "storage",
    EXIT_HALTED: "halted",
}  # fmt: skip


def _classify(error: Exception) -> tuple[int, str]:
    if isinstance(error, Usage):
        return EXIT_USAGE, "usage"
    if isinstance(error, (ContractError, *_BAD_NAME)):
        return EXIT_USAGE, "input"
    if isinstance(error, LiveError):
        code = getattr(error, "exit_code", EXIT_CHECK_FAILED)
        return code, _LIVE_WORDS.get(code, "check")
    if isinstance(error, (ConnectionError, TimeoutError)):
        return EXIT_PEER, "peer"
    if isinstance(error, OSError):
        return EXIT_STORAGE, "storage"
    return EXIT_CHECK_FAILED, "internal"


def _settle(stream: TextIO | None) -> None:
    """What a broken stream still holds has nowhere to go; Python must not fail on it at exit."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        _lead_nowhere(stream)


def _lead_nowhere(stream: TextIO) -> None:
    try:
        descriptor = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
    except OSError:  # a stream of somebody's own making, without a descriptor
        return


def _on_sigterm(handler: object) -> object:
    """Install a handler and return the one before; only the main thread may."""
    try:
        return signal.signal(signal.SIGTERM, handler)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _terminate(_signal: int, _frame: object) -> NoReturn:
    raise _Terminated


def first_word(argv: list[str], flag: str) -> list[str]:
    """The arguments with a first word that is no flag as the value of one: `replay DIR`."""
    if argv and not argv[0].startswith("-"):
        return [f"{flag}={argv[0]}", *argv[1:]]
    return argv


class Progress:
    """How far a run is, on stderr: a line that renews itself, or lines in a log.

    It shows the share done, the rate, the orders, whether trading is frozen, and the time left.
    """

    _RENEW_SECONDS = 0.2
    _LOG_SECONDS = 5.0

    def __init__(
        self, stream: TextIO, orders: Callable[[], int], frozen: Callable[[], bool]
    ) -> None:
        self._stream = stream
        self._orders = orders
        self._frozen = frozen
        self._columns = _columns(stream)
        self._began = time.monotonic()
        self._due = self._began + self._RENEW_SECONDS
        self._width = 0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + (self._RENEW_SECONDS if self._columns else self._LOG_SECONDS)
        rate = done / max(now - self._began, 1e-9)
        left = int(-(-(total - done) // rate))  # rounded up: nobody waits for 0 seconds
        line = (
            f"{100 * done // total:3d} %  {left // 3600}:{left // 60 % 60:02d}:{left % 60:02d} left"
            f"  {'FROZEN' if self._frozen() else 'active'}  {self._orders():,} orders"
            f"  {done:,} of {total:,} steps  {rate:,.0f}/s"
        )
        if not self._columns:
            self._write(line + "\n")
            return
        line = line[: self._columns - 1]
        self._write("\r" + line.ljust(self._width))
        self._width = len(line)

    def close(self) -> None:
        """Leave a clean line behind."""
        if self._width:
            self._write("\r" + " " * self._width + "\r")

    def _write(self, text: str) -> None:
        """A reader of the progress who went away does not end the run."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self._due = float("inf")
            _settle(self._stream)


def _columns(stream: TextIO) -> int:
    """The width of a terminal, 0 when the stream is none."""
    if not stream.isatty():
        return 0
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80
