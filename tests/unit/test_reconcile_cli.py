"""`python -m tools.live reconcile`: what it prints, and what it answers to bad input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.unit.reconcile_world import T0_NS
from tests.unit.test_reconcile_files import LOCAL, VENUE
from tools.live import reconcile_cli
from tools.live.audit.reconcile import reconcile
from tools.live.audit.reconcile_facts import (
    LocalOrder, LocalState, OnMismatch, Policy, Unanswered, VenueOrder, VenueState,
)  # fmt: skip
from tools.live.audit.reconcile_findings import (
    AdoptBalance, AdoptFill, AdoptOrder, AdoptPosition, Cancel, Query, Take,
)  # fmt: skip
from tools.live.audit.reconcile_json import local_form, reconciliation_form, venue_form
from tools.live.core import codec
from tools.live.core.contracts_v1 import BUY, FreezeOrdered
from tools.live.core.money import SCALE
from tools.live.core.order import OPEN
from tools.live.reconcile_cli import main, shown_action

OURS = LocalOrder("CLI00000001", "X1", "BTCUSDT", BUY, SCALE, SCALE, 0, OPEN, 0)
THEIRS = VenueOrder("X1", "CLI00000001", "BTCUSDT", BUY, SCALE, SCALE, 0)


class Files:
    """Both sides in a folder, and a call of the command on them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.local = folder / "ours.json"
        self.venue = folder / "theirs.json"
        self.capsys = capsys
        self.write((OURS,), (THEIRS,))

    def write(
        self, ours: tuple[LocalOrder, ...], theirs: tuple[VenueOrder, ...] | Unanswered
    ) -> None:
        local = LocalState(ours, (), {}, None, False, False)
        venue = VenueState(T0_NS, theirs, {}, None, None, (), True, None)
        self.local.write_text(codec.pretty(local_form(local)))
        self.venue.write_text(codec.pretty(venue_form(venue)))

    def run(self, *flags: str) -> tuple[int, str, str]:
        code = main(["--local", str(self.local), "--venue", str(self.venue), *flags])
        out, err = self.capsys.readouterr()
        return code, out, err


@pytest.fixture
def files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Files:
    return Files(tmp_path, capsys)


def test_two_sides_that_agree(files: Files) -> None:
    assert files.run() == (
        0, "reconciliation at 2025-01-01T00:00:00Z\n\n1 MATCHED\noutcome: ready\n", ""
    )  # fmt: skip
    files.write((), ())
    assert files.run()[1].splitlines()[2] == "nothing to compare: both sides are empty"


def test_a_stranger_halts_or_goes_by_the_policy(files: Files) -> None:
    files.write((), (VenueOrder("X9", "by-hand", "BTCUSDT", BUY, SCALE, SCALE, 0),))
    assert files.run() == (6, """reconciliation at 2025-01-01T00:00:00Z

critical  ORPHAN           order X9
          ours: never ours
          exchange: open Buy BTCUSDT at 1, 0 of 1 filled (X9)
          do: nothing by this policy; look at it, then reconcile again

1 ORPHAN
outcome: halted (reconciliation: ORPHAN order X9)
""", "")  # fmt: skip
    code, out, _ = files.run("--policy", "cancel")
    assert code == 1 and "do: cancel X9 at the exchange" in out and "outcome: settling\n" in out
    code, out, _ = files.run("--policy=adopt")
    assert code == 1 and "do: adopt order X9 as by-hand, open" in out


def test_what_is_missing_is_asked_for(files: Files) -> None:
    files.write((OURS,), ())
    code, out, _ = files.run()
    assert code == 1 and "warning   VENUE_MISSING    order CLI00000001" in out
    assert "do: ask the exchange about CLI00000001 at 2025-01-01T00:00:00Z" in out
    assert out.endswith("outcome: waiting (look again at 2025-01-01T00:00:00Z)\n")


def test_silence_is_not_emptiness(files: Files) -> None:
    files.write((), Unanswered("timeout"))
    code, out, _ = files.run()
    assert code == 6 and "          ours: -\n          exchange: unanswered: timeout\n" in out


def test_the_waits_are_flags(files: Files) -> None:
    young = LocalOrder("CLI00000001", "X1", "BTCUSDT", BUY, SCALE, SCALE, 0, OPEN, T0_NS)
    files.write((young,), ())
    code, out, _ = files.run()
    assert code == 1 and "not judged yet  order CLI00000001\n" in out
    assert "look again at 2025-01-01T00:00:05Z" in out
    assert files.run("--protection-ms", "0")[0] == 1
    assert "look again at 2025-01-01T00:00:00.001Z" in files.run("--protection-ms", "1")[1]
    nothing = {"policy": None, "protection_ms": None, "settle_ms": None, "patience_ms": None}
    policy = reconcile_cli._policy
    assert policy(nothing) == Policy()
    assert policy({**nothing, "settle_ms": "7"}) == Policy(settle_ns=7 * 10**6)
    assert policy({**nothing, "patience_ms": "9"}) == Policy(patience_ns=9 * 10**6)
    assert policy({**nothing, "policy": "adopt", "protection_ms": "3"}) == Policy(
        OnMismatch.ADOPT, protection_ns=3 * 10**6
    )


def test_silence_may_be_borne(files: Files) -> None:
    files.write((), Unanswered("timeout"))
    assert files.run("--patience-ms", "1")[0] == 1 and files.run("--patience-ms", "0")[0] == 6


def test_json_is_the_same_reconciliation(files: Files) -> None:
    files.local.write_text(codec.canonical(local_form(LOCAL)))
    files.venue.write_text(codec.canonical(venue_form(VENUE)))
    code, out, err = files.run("--json", "--policy", "cancel")
    expected = reconcile(LOCAL, VENUE, Policy(OnMismatch.CANCEL))
    assert (code, err) == (6, "") and out == codec.canonical(reconciliation_form(expected)) + "\n"
    assert json.loads(out)["outcome"] == "halted"


def test_names_cannot_move_the_cursor(files: Files) -> None:
    files.write((), (VenueOrder("X\x1b[2J\n9", "by-hand", "BTCUSDT", BUY, SCALE, SCALE, 0),))
    _, out, _ = files.run()
    assert "order X\\x1b[2J\\n9" in out and "\x1b" not in out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--lcal", "x"], "usage: unknown flag '--lcal' at argument 5; did you mean '--local'?"),
        (["--policy", "adpt"],
         "input: --policy 'adpt' is not alert or cancel or adopt; did you mean 'adopt'?"),
        (["--protection-ms", "-1"],
         "input: --protection-ms -1 is out of range; give one from 0 to 3600000"),
        (["--settle-ms", "1_0"],
         "input: --settle-ms '1_0' is not a whole number; give one from 0 to 3600000"),
        (["--local", ""], "input: --local '' is not a file name; name a file"),
    ],
)  # fmt: skip
def test_wrong_flags(flags: list[str], message: str, files: Files) -> None:
    assert files.run(*flags) == (2, "", f"error: {message}\n")


@pytest.mark.parametrize("missing", ["local", "venue"])
def test_both_files_are_needed(
    missing: str, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    other = {"local": "venue", "venue": "local"}[missing]
    assert main([f"--{other}", str(files.local)]) == 2
    whose = {"local": "our", "venue": "the exchange's"}[missing]
    line = f"error: usage: --{missing} is missing; name the file of {whose} side\n"
    assert capsys.readouterr().err == line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON at line 1 column 1: Expecting value; correct the file"),
        ("{\"at_ns\": NaN}", "holds NaN; JSON numbers are finite"),
        ("{\"a\": 1, \"a\": 1}", "has the key 'a' twice; correct the file"),
        ("[]", "local is no object in --local {file}; write {{...}}"),
        ("{{}}", "is not JSON at line 1 column 2"),
        ("{}", "local lacks the key 'orders' in --local {file}; write it, even if empty"),
    ],
)
def test_bad_files_are_named(text: str, message: str, files: Files) -> None:
    files.local.write_text(text)
    code, out, err = files.run()
    assert (code, out) == (2, "") and err.startswith("error: input: ") and err.count("\n") == 1
    assert message.format(file=files.local) in err and str(files.local) in err


def test_a_number_that_is_no_number_has_advice(files: Files) -> None:
    form = json.loads(files.venue.read_text())
    form["orders"][0]["qty"] = "1e99"
    files.venue.write_text(json.dumps(form))
    code, _, err = files.run()
    assert code == 2 and "venue.orders[0].qty" in err and err.endswith("; correct the file\n")


def test_a_file_that_is_not_there(files: Files, tmp_path: Path) -> None:
    for name in (str(tmp_path), str(tmp_path / "none")):
        code, out, err = files.run("--venue", name)
        assert (code, out) == (2, "") and err.startswith(f"error: input: --venue {name!r} ")


def test_help_and_the_real_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["reconcile", "-h"])
    assert main() == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: python -m tools.live reconcile --local FILE") and err == ""
    assert "exit codes: 0 ready: nothing differs" in out


def test_every_action_in_words() -> None:
    order = VenueOrder("X9", "A", "BTCUSDT", BUY, SCALE, SCALE, 0)
    frozen = FreezeOrdered("why", None, "me", T0_NS)
    assert [
        shown_action(action)
        for action in (
            Take(frozen), Cancel("X9", "A"), Query("A", T0_NS), AdoptOrder("i", order, OPEN),
            AdoptFill(VENUE.fills[0]),  # type: ignore[index]
            AdoptPosition("i", "BTCUSDT", SCALE, 0), AdoptBalance("i", "USD", 10**18, -1),
            Cancel(None, "A"),
        )
    ] == [
        "book risk.freeze_ordered reason=why actor=me",
        "cancel X9 at the exchange",
        "ask the exchange about A at 2025-01-01T00:00:00Z",
        "adopt order X9 as A, open",
        "adopt execution E1 of X1",
        "adopt position BTCUSDT 1 instead of 0",
        "adopt balance USD 1 instead of -0.000000000000000001",
        "cancel A at the exchange",
    ]  # fmt: skip


def test_an_interrupt_is_told_by_what_it_ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(reconcile_cli, "_main", interrupted)
    assert reconcile_cli.main([]) == 130
    told = "error: interrupted: SIGINT ended the comparison; start it again\n"
    assert capsys.readouterr() == ("", told)
