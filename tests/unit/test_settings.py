"""The table of settings: how values are read, what is refused, and who wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.live import settings
from tools.live.core.codec import Digits
from tools.live.core.errors import ContractError
from tools.live.settings import BY_KEY, SETTINGS

GOOD: list[tuple[str, Any, Any]] = [
    ("symbols", "A,B", ["A", "B"]),
    ("symbols", " A , ,B,", ["A", "B"]),
    ("symbols", ["A", " B "], ["A", "B"]),
    ("symbols", "", []),
    ("symbols", [], []),
    ("iterations", "7", 7),
    ("iterations", "+7", 7),
    ("iterations", 100_000_000, 100_000_000),
    ("seed", "0", 0),
    ("seed", 2**63 - 1, 2**63 - 1),
    ("max_inv", "0", "0"),
    ("max_inv", 12.5, 12.5),
    ("max_inv", "1e3", "1e3"),
    ("max_total", Digits("0.1"), "0.1"),
    ("edge_threshold", "-10000", "-10000"),
    ("fee_maker_bps", -1.5, -1.5),
    ("base_qty", "0.000000001", "0.000000001"),
    ("fill_rate", "0", 0.0),
    ("fill_rate", 1, 1.0),
    ("fill_rate", ".5", 0.5),
    ("edge_threshold", "-.5", "-0.5"),
    ("fill_rate", "0.3333333333333333", 1 / 3),
    ("reject_rate", Digits("5e-2"), 0.05),
    ("edge", "computed", "computed"),
    ("requote", True, True),
    ("quotes", "a b.csv", "a b.csv"),
    ("retain", 0, 0),
]

BAD: list[tuple[str, Any, str]] = [
    ("symbols", 5, "5 is no list of names; write BTCUSDT,ETHUSDT"),
    ("symbols", ["A", 1], "is no list of names; write"),
    ("symbols", "a", "symbol 'a' is not 1 to 32 upper-case letters, digits .*; write"),
    ("symbols", "A,A", "symbol 'A' is given twice; write"),
    ("iterations", 0, "0 is out of range; give one from 1 to 100000000"),
    ("iterations", True, "True is not a whole number; give one from 1"),
    ("iterations", 5.0, "5.0 is not a whole number"),
    ("iterations", Digits("5"), "'5' is not a whole number"),
    ("iterations", None, "None is not a whole number"),
    ("seed", 2**4000, "of 4001 bits is out of range; give one from 0"),
    ("max_inv", True, "True is not a number; give a number from 0 to 1000000000000, with at most"),
    ("max_inv", [1], "is not a number; give a number from 0"),
    ("max_inv", 2**20_000, "of 20001 bits is out of range; give a number from 0"),
    ("max_inv", "0x10", "'0x10' is not a number; give a number from 0"),
    ("max_inv", float("nan"), "nan is not a finite number; give a number from 0"),
    ("base_qty", 0, "0 is out of range; give a number above 0 and up to 1000000000, with"),
    ("base_qty", "0.0000000001", "has more than 9 decimals; give a number above 0"),
    ("fill_rate", "x", "'x' is not a number; give a probability from 0 to 1"),
    ("fill_rate", float("nan"), "nan is out of range; give a probability from 0 to 1"),
    ("fill_rate", 2**20_000, "is out of range; give a probability"),
    ("fill_rate", {}, "{} is not a number; give a probability"),
    ("edge", "scriptd", "'scriptd' is not scripted or computed; did you mean 'scripted'"),
    ("edge", ["scripted"], "is not scripted or computed; did you mean"),
    ("edge", 1, "1 is not scripted or computed; see --help"),
    ("requote", "true", "'true' is not a switch; give true or false"),
    ("requote", 1, "1 is not a switch"),
    ("quotes", "", "'' is not a file name; name a file"),
    ("quotes", "a\0b", "is not a file name"),
    ("quotes", 5, "5 is not a file name"),
    ("quotes", "${HOME}/q.csv", "holds a variable; write its value out"),
]


@pytest.mark.parametrize(("key", "given", "read"), GOOD)
def test_a_good_value_is_read(key: str, given: Any, read: Any) -> None:
    value = BY_KEY[key].read(given, key)
    assert value == read and type(value) is type(read)


@pytest.mark.parametrize(("key", "given", "why"), BAD, ids=range(len(BAD)))
def test_a_bad_value_is_refused_by_name(key: str, given: Any, why: str) -> None:
    with pytest.raises(ContractError, match=f"^the-name:? .*{why}"):
        BY_KEY[key].read(given, "the-name")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_a_default_is_a_good_value_and_its_flag_tells_it(setting: settings.Setting) -> None:
    if setting.default is not None:
        assert setting.read(setting.default, setting.key) == setting.default
    shown = setting.default
    shown = ",".join(shown) if isinstance(shown, list) else str(shown)
    told = setting.flag.help.endswith(f"(default {shown})")
    assert told is bool(setting.metavar and setting.default is not None)
    assert setting.flag.name == setting.name == f"--{setting.key}".replace("_", "-")


def test_the_command_line_wins_over_the_file_and_the_file_over_the_default() -> None:
    given = {"seed": "1", "fill_rate": None, "requote": False}
    chosen = settings.resolve(given, {"seed": 2, "fill_rate": 0.25, "requote": True})
    assert (chosen["seed"], chosen["fill_rate"], chosen["requote"]) == (1, 0.25, True)
    assert chosen["iterations"] == 50
    assert list(chosen) == [setting.key for setting in SETTINGS]


def test_a_switch_on_the_command_line_wins_too() -> None:
    assert settings.resolve({"requote": True}, {"requote": False})["requote"] is True


@pytest.mark.parametrize("name", ["run.toml", "run.json"])
def test_both_kinds_of_config_file_say_the_same(tmp_path: Path, name: str) -> None:
    text = {
        "run.toml": 'seed = 3\nmax_inv = 0.1\nsymbols = ["A"]\nrequote = true\n',
        "run.json": '{"seed": 3, "max_inv": "0.1", "symbols": ["A"], "requote": true}',
    }[name]
    (tmp_path / name).write_text(text)
    assert settings.load_config(str(tmp_path / name)) == {
        "seed": 3, "max_inv": "0.1", "symbols": ["A"], "requote": True,
    }  # fmt: skip


def test_an_empty_toml_file_sets_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text("")
    assert settings.load_config(str(tmp_path / "empty.toml")) == {}


def test_one_file_under_two_names_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    a, link, new = (str(tmp_path / name) for name in ("a", "link", "new"))
    assert settings.same_file(a, link)
    assert settings.same_file(new, f"{tmp_path}/./x/../new")
    assert not settings.same_file(a, new)
