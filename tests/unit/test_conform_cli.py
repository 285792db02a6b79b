"""`python -m tools.live conform`: what it prints and writes, and what it answers to bad names."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.exchange.paper_venue import paper
from tools.live import __version__
from tools.live.conform_cli import main
from tools.live.conformance.catalogue import CASES, KIT_VERSION, chosen
from tools.live.conformance.certificate import certificate, certify, table
from tools.live.conformance.loading import EXAMPLE, load
from tools.live.conformance.transcript import TARGET, transcript
from tools.live.conformance.transcript import main as write_transcript
from tools.live.conformance.candidate import as_candidate
from tools.live.conformance.desk import Desk
from tools.live.conformance.runner import run_cases
from tools.live.core import codec
from tools.live.core.errors import ContractError, LiveError

PAPER = "tests.exchange.paper_venue:paper"


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = main(argv)
    out, err = capsys.readouterr()
    return code, out, err


def test_the_fake_is_certified(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, EXAMPLE, "--case", "place-001,time-001,cancel-007")
    assert code == 0 and err == ""
    assert out.splitlines()[0] == f"{EXAMPLE}  FakeExchangeClient  kit {KIT_VERSION}"
    assert "passed          place-001      every order that is taken has an id of its own" in out
    assert "the stage offers no fill" in out
    assert "2 passed, 0 failed, 0 warned, 0 not applicable, 1 not driven" in out
    assert "not all cases were asked, so this is no certificate" in out


def test_all_cases_make_a_certificate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "certificate.json"
    code, out, err = run(capsys, PAPER, "--json", "--out", str(target))
    assert code == 0 and err == ""
    assert target.read_text() == out
    told = json.loads(out)
    assert out == codec.canonical(told) + "\n"
    sha256 = told.pop("sha256")
    assert sha256 == codec.sha256(told)
    assert told["adapter"] == PAPER and told["client"] == "PaperVenue"
    assert told["code_version"] == __version__ and told["kit_version"] == KIT_VERSION
    assert told["certified"] and told["complete"] and told["declared"]
    assert len(told["cases"]) == len(CASES) == sum(told["counts"].values())
    assert told["hooks"][0] == "meets" and told["capabilities"]["query"] is True
    assert table({**told, "sha256": sha256}).endswith(f"certified\nsha256 {sha256}\n")


def test_a_broken_adapter_is_not_certified(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_broken_venue.py").write_text(
        "from tools.live.exchange import FakeExchangeClient\n"
        "print('made in', __name__)\n"
        "class Venue(FakeExchangeClient):\n"
        "    def cancel(self, order_id):\n"
        "        return True\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [one for one in sys.path if one not in ("", str(tmp_path))])
    code, out, err = run(capsys, "my_broken_venue:Venue", "--case", "cancel-001")
    assert code == 1
    assert err == "made in my_broken_venue\n"
    assert "failed          cancel-001" in out
    assert "declares no capabilities" in out
    told = certificate(as_candidate(paper()), "w", run_cases(load("my_broken_venue:Venue"), CASES))
    assert told["complete"] and not told["certified"]
    assert "\nnot certified\n" in table(told)
    told["certified"] = True
    told["counts"]["not driven"] = 7
    assert "\ncertified, but for 7 cases not driven\n" in table(told)


def test_the_list_says_what_each_case_needs(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--list")
    assert code == 0
    for case in CASES:
        assert f"{case.id:<13}  {case.title}" in out
    assert "(needs cancel; hooks meets, fill)" in out
    assert out.endswith(f"{len(CASES)} cases, kit {KIT_VERSION}\n")
    code, out, _ = run(capsys, "--list", "--case", "place-009")
    assert out == f"place-009      {chosen(['place-009'])[0].title}\n\n1 cases, kit {KIT_VERSION}\n"


def test_help_names_the_flags(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0 and "--case IDS" in out and "MODULE:FACTORY" in out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "MODULE:FACTORY is missing; name the factory of an adapter"),
        (["nonsense"], "'nonsense' is not MODULE:FACTORY; write it like"),
        (["a b:c"], "is not MODULE:FACTORY"),
        ([".a:c"], "is not MODULE:FACTORY"),
        (["no_such_module:make"], "there is no module no_such_module; run the command where"),
        (["tools.live.nothing:make"], "there is no module tools.live.nothing"),
        (["tools.live.exchange:FakeExchange"], "there is no FakeExchange; did you mean"),
        (["tools.live.exchange:SCALE"], "is int, which cannot be called; name a function"),
        (["tools.live.exchange:PlaceOrderRequest"], "raised TypeError"),
        (["tools.live.exchange:seeded.x"], "there is no x"),
        (["tools.live.exchange_query:Found.mro"], "made list, which has no method"),
        ([EXAMPLE, "--case", "none"], "there is no case 'none'"),
        ([EXAMPLE, "--out", "/no/such/folder/x.json"], "there is no folder"),
        ([EXAMPLE, "--whatever"], "unknown flag '--whatever'"),
    ],
)
def test_a_wrong_line_is_told(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert message in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import no_such_package_of_mine\n", "needs no_such_package_of_mine; install it"),
        ("1 / 0\n", "cannot be imported: ZeroDivisionError: division by zero; mend it"),
        ("raise SystemExit(0)\n", "cannot be imported: SystemExit: 0; mend it"),
        ("def make(:\n", "cannot be imported: SyntaxError"),
    ],
)
def test_a_module_that_cannot_be_imported_is_told(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"my_module_{len(text)}"
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ContractError) as refused:
        load(f"{name}:make")
    assert message in str(refused.value)


def test_modules_beside_the_command_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    with pytest.raises(ContractError, match="no module nowhere_at_all"):
        load("nowhere_at_all:make")
    assert sys.path.count(str(tmp_path)) == 0


def test_the_transcript_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "told"
    monkeypatch.setenv(TARGET, str(target))
    assert write_transcript([PAPER]) == 0
    assert target.read_text().splitlines() == transcript(Desk(paper))
    assert len(target.read_text().splitlines()) > 60
    assert write_transcript(["no_such_module:make"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: input: there is no module")


def test_a_day_that_breaks_is_a_line() -> None:
    desk = Desk(paper)

    def breaks(req: object) -> None:
        raise LiveError("closed")

    desk.exchange.place_limit = breaks
    assert transcript(desk) == ["LiveError: closed"]


def test_two_certificates_of_one_adapter_are_equal() -> None:
    cases = chosen(["books-001", "query-001"])
    told = certify(paper, PAPER, cases)
    assert told == certify(paper, PAPER, cases)
    assert not told["complete"] and not told["certified"]  # of some cases none is made
