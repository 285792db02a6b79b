"""What every command shares: flags, the one line of an error, exit codes, progress, signals."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tools.live import console
from tools.live.console import DEBUG, HELP, VERSION, Flag, Parser, Progress, Usage
from tools.live.core.errors import ContractError, InvariantBroken

PARSER = Parser(
    usage="prog [FLAGS]",
    about="About.",
    flags=(
        Flag("--go", "", "go"),
        Flag("--max-inv", "USD", "limit", "risk"),
        Flag("--seed", "N", "seed", "risk"),
        DEBUG, VERSION, HELP,
    ),
    examples=("prog --go",),
    end="The end.",
)  # fmt: skip


def parse(*argv: str) -> dict[str, Any]:
    return PARSER.parse(argv)


# The parser.


def test_what_is_absent_is_none_or_false() -> None:
    assert parse() == {
        "go": False, "max_inv": None, "seed": None, "debug": False, "version": False,
        "help": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "key", "value"),
    [
        (["--go"], "go", True),
        (["--seed", "5"], "seed", "5"),
        (["--seed=5"], "seed", "5"),
        (["--seed="], "seed", ""),
        (["--seed", ""], "seed", ""),
        (["--seed=--go"], "seed", "--go"),
        (["--seed", "a=b"], "seed", "a=b"),
        (["--max-inv", "-5"], "max_inv", "-5"),
        (["--seed", "1", "--seed", "2"], "seed", "2"),
        (["-h"], "help", True),
    ],
)
def test_flags_and_their_values(argv: list[str], key: str, value: Any) -> None:
    assert parse(*argv)[key] == value


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--goo"], "unknown flag '--goo' at argument 1; did you mean '--go'?"),
        (["--go", "--sed", "5"], "unknown flag '--sed' at argument 2; did you mean '--seed'?"),
        (["--see=5"], "unknown flag '--see' at argument 1; did you mean '--seed'?"),
        (["--zzzz"], "unknown flag '--zzzz' at argument 1; see --help"),
        (["-x"], "unknown flag '-x' at argument 1; see --help"),
        (["--go", "word"], "unknown word 'word' at argument 2; see --help"),
        ([""], "unknown word '' at argument 1; see --help"),
        (["--"], "unknown flag '--' at argument 1; did you mean '--go'?"),
        (["--go=1"], "--go takes no value, but got '1' at argument 1; write --go"),
        (["--seed"], "--seed lacks its value at argument 1; write --seed N"),
        (["--seed", "--go"], "--seed lacks its value at argument 1; write --seed N"),
        (["--bad", "--seed"], "unknown flag '--bad' at argument 1; see --help"),
    ],
)
def test_a_wrong_line_is_a_usage_error(argv: list[str], message: str) -> None:
    with pytest.raises(Usage) as caught:
        parse(*argv)
    assert str(caught.value) == message


@pytest.mark.parametrize("asked", ["--help", "-h", "--version"])
def test_who_asks_for_help_gets_it_in_spite_of_mistakes(asked: str) -> None:
    options = parse("--bad", asked, "--seed")
    assert options["help"] or options["version"]


def test_a_very_long_word_is_not_repeated_whole() -> None:
    with pytest.raises(Usage) as caught:
        parse("--" + "x" * 100_000)
    assert len(str(caught.value)) < 120


def test_the_help_shows_groups_in_columns() -> None:
    assert PARSER.help() == (
        "usage: prog [FLAGS]\n\nAbout.\n\n"
        "  --go                    go\n\n"
        "risk:\n"
        "  --max-inv USD           limit\n"
        "  --seed N                seed\n\n"
        "general:\n"
        "  --debug                 show the traceback of an error, too\n"
        "  --version               show the version\n"
        "  --help                  show this help, also with -h\n\n"
        "examples:\n  prog --go\n\nThe end.\n"
    )


# What goes wrong.


def fails(error: BaseException) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


FAILURES: list[tuple[BaseException, int, str]] = [
    (Usage("a; b"), 2, "error: usage: a; b"),
    (ContractError("a at b; c"), 2, "error: input: a at b; c"),
    (ContractError("a at b"), 2, "error: input: a at b; see --help"),
    (InvariantBroken("a"), 1, "error: check: a; see --help"),
    (FileNotFoundError(2, "No such file", "x"), 2,
     "error: input: No such file at 'x'; check the disk and the name"),
    (PermissionError(13, "denied"), 2, "error: input: denied; check the disk and the name"),
    (NotADirectoryError(20, "no folder", "x"), 2,
     "error: input: no folder at 'x'; check the disk and the name"),
    (OSError(errno.ENOSPC, "No space left"), 5,
     "error: storage: No space left; check the disk and the name"),
    (OSError("stdout is closed; open it"), 5, "error: storage: stdout is closed; open it"),
    (ConnectionResetError(104, "reset"), 7, "error: peer: reset; check the disk and the name"),
    (TimeoutError("late; wait"), 7, "error: peer: late; wait"),
    (ValueError("odd"), 1,
     "error: internal: ValueError: odd; run again with --debug and report it"),
    (RuntimeError(), 1,
     "error: internal: RuntimeError: RuntimeError; run again with --debug and report it"),
    (ContractError("a\nb\x1b[31m\u2028c\ud800; d"), 2,
     "error: input: a\\nb\\x1b[31m\\u2028c\\ud800; d"),
    (KeyboardInterrupt(), 130,
     "error: interrupted: SIGINT ended the run before its report; start it again"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "code", "line"), FAILURES, ids=lambda value: str(value)[:40])
def test_what_goes_wrong_is_one_line_and_a_code(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert console.run(fails(error), debug=False) == code
    assert capsys.readouterr() == ("", line + "\n")


def test_debug_shows_the_traceback_and_keeps_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert console.run(fails(ContractError("a; b")), debug=True) == 2
    err = capsys.readouterr().err
    assert err.startswith("Traceback (most recent call last):\n")
    assert err.endswith("ContractError: a; b\nerror: input: a; b\n")


def test_a_reader_who_has_seen_enough_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert console.run(fails(BrokenPipeError()), debug=False) == 0
    assert capsys.readouterr() == ("", "")


def test_success_is_the_code_of_the_command() -> None:
    assert console.run(lambda: 6, debug=False) == 6


def emits_a_line() -> int:
    console.emit("x\n")
    return 0


def test_a_process_without_stdout_can_still_do_its_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert console.run(lambda: 0, debug=False) == 0
    assert console.run(emits_a_line, debug=False) == 5
    monkeypatch.undo()
    line = "error: storage: stdout is closed; open it or give --out FILE\n"
    assert capsys.readouterr() == ("", line)


def test_a_process_without_stderr_keeps_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert console.run(fails(Usage("a")), debug=False) == 2


def test_a_full_stderr_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(sys, "stderr", Full())
    assert console.run(fails(Usage("a")), debug=False) == 2


def test_what_a_broken_stdout_still_holds_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        out.write("half")
        assert console.run(lambda: 0, debug=False) == 0
        out.close()  # it would raise if anything were left


def test_a_fault_of_another_file_leaves_a_good_stdout_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w") as out, os.fdopen(read) as seen:
        monkeypatch.setattr(sys, "stdout", out)
        out.write("half")
        assert console.run(fails(OSError(errno.ENOSPC, "full")), debug=False) == 5
        out.close()
        assert seen.read() == "half"


def test_data_goes_out_with_plain_line_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, newline="\r\n"))
    console.emit("a\n")
    sys.stdout.flush()
    assert raw.getvalue() == b"a\n"


def test_data_goes_to_a_stream_that_cannot_be_configured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    console.emit("a\n")
    assert out.getvalue() == "a\n"


# Signals.


def test_sigterm_ends_the_command_and_its_handler_is_given_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def command() -> int:
        signal.raise_signal(signal.SIGTERM)
        return 0

    assert console.run(command, debug=False) == 143
    assert signal.getsignal(signal.SIGTERM) is before
    assert capsys.readouterr().err == (
        "error: terminated: SIGTERM ended the run before its report; start it again\n"
    )


def test_a_command_may_run_in_any_thread() -> None:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(console.run(lambda: 0, debug=False)))
    thread.start()
    thread.join()
    assert codes == [0]


# Progress.


class Terminal(io.StringIO):
    """A terminal of no known width."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError("no descriptor")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds on a clock that the test moves."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_terminal_sees_one_line_that_renews_itself(clock: list[float]) -> None:
    stream, frozen = Terminal(), [False]
    progress = Progress(stream, lambda: 1234, lambda: frozen[0])
    clock[0] = 0.1
    progress(1, 8000)
    assert stream.getvalue() == ""
    clock[0] = 2.0
    progress(2000, 8000)
    first = " 25 %  0:00:06 left  active  1,234 orders  2,000 of 8,000 steps  1,000/s"
    assert stream.getvalue() == "\r" + first
    clock[0], frozen[0] = 8.0, True
    progress(8000, 8000)
    second = "100 %  0:00:00 left  FROZEN  1,234 orders  8,000 of 8,000 steps  1,000/s"
    assert stream.getvalue() == f"\r{first}\r{second}"
    progress.close()
    assert stream.getvalue().endswith(f"\r{' ' * len(second)}\r")


def test_a_shorter_line_covers_the_longer_one(clock: list[float]) -> None:
    stream, orders = Terminal(), [10**9]
    progress = Progress(stream, lambda: orders[0], lambda: False)
    for clock[0], orders[0] in ((1.0, 10**9), (2.0, 1)):
        progress(1, 10)
    _, long, short = stream.getvalue().split("\r")
    assert len(long) == len(short) and short.endswith("  ")


def test_a_narrow_terminal_gets_a_cut_line(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "_columns", lambda stream: 20)
    stream = Terminal()
    progress = Progress(stream, lambda: 1, lambda: False)
    clock[0] = 1.0
    progress(1, 10)
    assert stream.getvalue() == "\r 10 %  0:00:09 left"


def test_a_log_gets_whole_lines_and_few(clock: list[float]) -> None:
    stream = io.StringIO()
    progress = Progress(stream, lambda: 1, lambda: False)
    for step in range(1, 101):
        clock[0] = step * 0.1
        progress(step, 100)
    progress.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0] == "  2 %  0:00:10 left  active  1 orders  2 of 100 steps  10/s"


def test_a_run_that_ends_at_once_shows_nothing(clock: list[float]) -> None:
    stream = Terminal()
    progress = Progress(stream, lambda: 1, lambda: False)
    progress(1, 1)
    progress.close()
    assert stream.getvalue() == ""


def test_a_reader_of_progress_who_leaves_does_not_end_the_run(clock: list[float]) -> None:
    class Gone(Terminal):
        def flush(self) -> None:
            raise BrokenPipeError

    stream = Gone()
    progress = Progress(stream, lambda: 1, lambda: False)
    for clock[0] in (1.0, 2.0, 3.0):
        progress(1, 10)
    progress.close()
    assert stream.getvalue().count("%") == 1


def test_a_real_terminal_tells_its_width() -> None:
    controller, terminal = os.openpty()
    with os.fdopen(terminal, "w") as stream:
        assert console._columns(stream) == 80
    os.close(controller)
    assert console._columns(io.StringIO()) == 0


@pytest.mark.parametrize(
    ("argv", "read"),
    [
        ([], []),
        (["run-1"], ["--dir=run-1"]),
        (["run-1", "--json"], ["--dir=run-1", "--json"]),
        (["--json", "run-1"], ["--json", "run-1"]),
        (["-h"], ["-h"]),
        (["a=b"], ["--dir=a=b"]),
    ],
)
def test_a_first_word_that_is_no_flag_is_the_value_of_one(argv: list[str], read: list[str]) -> None:
    assert console.first_word(argv, "--dir") == read
