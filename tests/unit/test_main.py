"""`python -m tools.live VERB`: verbs, the schema, and the answers of the umbrella itself."""

from __future__ import annotations

import importlib
import json
import shlex
import sys

import pytest

import tools.live
from tools.live import __main__ as umbrella
from tools.live import __version__
from tools.live.reports import schema


@pytest.mark.parametrize("argv", [[], ["-h"], ["--help"], ["schema", "--help"]])
def test_it_tells_its_verbs(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert umbrella.main(argv) == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: python -m tools.live VERB") and err == ""
    assert all(f"\n  {verb} " in out for verb in umbrella.VERBS)


def test_its_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    umbrella.main([])
    lines = capsys.readouterr().out.splitlines()
    examples = [shlex.split(line) for line in lines[lines.index("examples:") + 1 :]]
    assert len(examples) == 3
    for words in examples:
        assert words[:3] == ["python", "-m", "tools.live"]
        assert umbrella.main(words[3:]) == 0


def test_it_tells_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert umbrella.main(["--version"]) == 0
    assert capsys.readouterr().out == f"shadow-trading-toolkit {__version__}\n"


def test_a_verb_gets_the_rest_of_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert umbrella.main(["demo", "--shadow", "--iterations", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["execution"]["iterations"] == 2
    assert umbrella.main(["risk", "--demo"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "OK"


@pytest.mark.parametrize(
    ("argv", "name"), [([], "report"), (["report"], "report"), (["risk"], "risk")]
)
def test_it_prints_the_schemas(
    argv: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert umbrella.main(["schema", *argv]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == schema.SCHEMAS[name] and err == ""


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["demmo"], "unknown verb 'demmo' at argument 1; did you mean 'demo'?"),
        ([""], "unknown verb '' at argument 1; see --help"),
        (["schema", "rik"], "unknown schema 'rik' at argument 2; did you mean 'risk'?"),
        (["schema", "risk", "x"], "unexpected word 'x' at argument 3; name one schema"),
    ],
)
def test_a_wrong_word_is_a_usage_error(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert umbrella.main(argv) == 2
    assert capsys.readouterr() == ("", f"error: usage: {message}\n")


def test_the_command_line_is_the_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["live", "--version"])
    assert umbrella.main() == 0
    assert capsys.readouterr().out.startswith("shadow-trading-toolkit ")


def test_the_package_hands_out_its_names() -> None:
    for name in tools.live.__all__:
        assert getattr(tools.live, name) is not None
    assert dir(tools.live) == sorted(tools.live.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        importlib.import_module("tools.live").nothing
