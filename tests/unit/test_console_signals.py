"""A signal ends a command: the line on stderr names what was ended, and what to do then."""

from __future__ import annotations

import importlib
import signal

import pytest

from tools.live import __main__ as umbrella
from tools.live import console


@pytest.mark.parametrize(
    ("number", "code", "kind"),
    [(signal.SIGTERM, 143, "terminated: SIGTERM"), (signal.SIGINT, 130, "interrupted: SIGINT")],
)
def test_what_a_signal_ends_is_named(
    number: signal.Signals, code: int, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> int:
        signal.raise_signal(number)
        return 0

    assert console.run(command, debug=False, task="the fork", again="name a folder") == code
    assert capsys.readouterr().err == f"error: {kind} ended the fork; name a folder\n"


ENDED = {
    "tools.live.journal_cli": [
        (["export", "run-1", "out"], "journal export; start it again"),
        (["tail", "run-1", "-f"], "journal tail; start it again"),
        (["repair", "run-1"], "journal repair; start it again"),
        (["nonsense"], "the command; start it again"),
        ([], "the command; start it again"),
    ],
    "tools.live.replay_cli": [
        (["run-1"], "the replay; start it again"),
        (["run-1", "--fork", "new"], "the fork; start it again with a new folder"),
        (["run-1", "--fork=new"], "the fork; start it again with a new folder"),
    ],
    "tools.live.exec_demo": [(["--shadow"], "the run before its report; start it again")],
    "tools.live.generate_cli": [([], "the market before its end; start it again")],
    "tools.live.risk_monitor_cli": [(["--demo"], "the scene; start it again")],
}


@pytest.mark.parametrize(
    ("module", "argv", "told"),
    [(module, argv, told) for module, rows in ENDED.items() for argv, told in rows],
)
def test_every_command_names_itself_when_it_is_ended(
    module: str, argv: list[str], told: str,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def ended(*_: object) -> int:
        signal.raise_signal(signal.SIGTERM)
        return 0

    command = importlib.import_module(module)
    monkeypatch.setattr(command, "_main", ended)
    assert command.main(argv) == 143
    assert capsys.readouterr().err == f"error: terminated: SIGTERM ended {told}\n"


def test_the_umbrella_names_itself_when_it_is_ended(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(umbrella, "_own", lambda *_: signal.raise_signal(signal.SIGTERM))
    assert umbrella.main(["schema"]) == 143
    assert capsys.readouterr().err == (
        "error: terminated: SIGTERM ended the command; start it again\n"
    )
