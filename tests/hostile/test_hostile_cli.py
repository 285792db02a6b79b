"""The command line under attack: every numeric flag in every bad spelling, ranges, words, flags."""

from __future__ import annotations

import json

import pytest

from tests.hostile.refusals import Refuse
from tools.live import __main__ as umbrella
from tools.live import exec_demo, risk_monitor_cli
from tools.live.settings import SETTINGS

WHOLE = [setting.name for setting in SETTINGS if type(setting.default) is int
         and not setting.key.startswith("max")]  # fmt: skip
DECIMAL = [setting.name for setting in SETTINGS if setting.name not in WHOLE
           and type(setting.default) in (int, float)]  # fmt: skip

SPELLINGS = {
    "empty": "",
    "space": " ",
    "word": "ten",
    "nan": "nan",
    "minus nan": "-nan",
    "NaN": "NaN",
    "inf": "inf",
    "minus inf": "-inf",
    "infinity": "Infinity",
    "1e400": "1e400",
    "-1e400": "-1e400",
    "1e99999": "1e99999",
    "underscore": "1_0",
    "arabic": "\u0663",
    "fullwidth": "\uff11",
    "superscript": "\u00b2",
    "half": "\u00bd",
    "hexadecimal": "0x10",
    "binary": "0b1",
    "comma": "1,5",
    "two dots": "1.5.5",
    "dot at the end": "1.",
    "only a dot": ".",
    "half an exponent": "1e",
    "only a sign": "-",
    "two signs": "+-1",
    "leading space": " 1",
    "trailing space": "1 ",
    "newline": "1\n",
    "NUL": "1\x00",
    "complex": "1j",
    "bool": "True",
    "none": "None",
    "variable": "${N}",
    "5000 digits": "1" * 5000,
    "escape": "\x1b[31m1",
}
NOT_WHOLE = {"fraction": "1.5", "whole float": "5.0", "exponent": "1e3", "percent": "5%"}


def test_the_rows_cover_every_number() -> None:
    assert len(WHOLE) == 4 and len(DECIMAL) == 10
    others = {
        "--symbols", "--quotes", "--market", "--source", "--requote", "--edge", "--exchange",
        "--terms", "--queue", "--delays", "--faults",
    }  # fmt: skip
    assert {*WHOLE, *DECIMAL, *others} == {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("flag", [*WHOLE, *DECIMAL])
def test_a_number_in_a_bad_spelling_is_refused(
    flag: str, spelling: str, refuse: Refuse
) -> None:
    line = refuse(flag, SPELLINGS[spelling])
    assert line.startswith(f"error: input: {flag} '")
    assert "; give " in line and " to " in line


@pytest.mark.parametrize("spelling", NOT_WHOLE)
@pytest.mark.parametrize("flag", WHOLE)
def test_a_fraction_is_not_a_whole_number(flag: str, spelling: str, refuse: Refuse) -> None:
    line = refuse(flag, NOT_WHOLE[spelling])
    assert f"{flag} {NOT_WHOLE[spelling]!r} is not a whole number; give one from" in line


@pytest.mark.parametrize("spelling", ["nan", "1_0", "1e400", "", "\u0663", "-1", "1e13"])
@pytest.mark.parametrize("flag", ["--max-inv", "--max-total"])
def test_the_risk_demo_refuses_the_same(flag: str, spelling: str, refuse: Refuse) -> None:
    line = refuse("--demo", flag, spelling, main=risk_monitor_cli.main)
    assert f"{flag} {spelling!r}" in line and "; give a number from 0 to 1000000000000" in line


RANGES = [
    ("--iterations", "1", "100000000", ("0", "-1", "100000001", "1000000000000")),
    ("--latency-ms", "0", "3600000", ("-1", "3600001")),
    ("--seed", "0", "9223372036854775807", ("-1", "9223372036854775808")),
    ("--retain", "0", "100000000", ("-1", "100000001")),
    ("--max-inv", "0", "1000000000000", ("-0.01", "1000000000000.01", "1e14")),
    ("--max-total", "0", "1000000000000", ("-1", "1e13")),
    ("--edge-threshold", "-10000", "10000", ("-10000.5", "10000.000000001")),
    ("--fill-rate", "0", "1", ("-0.1", "1.1", "1e30", "-1")),
    ("--reject-rate", "0", "1", ("-1e-9", "2")),
    ("--partial-fill-rate", "0", "1", ("-0.5", "1.0001")),
    ("--base-qty", "0.000000001", "1000000000", ("0", "-1", "0.0", "1000000000.1")),
    ("--spread-bps", "0", "19999", ("-1", "20000")),
    ("--fee-maker-bps", "-1000", "1000", ("-1000.1", "1001")),
    ("--fee-taker-bps", "-1000", "1000", ("-2000", "1e6")),
]


@pytest.mark.parametrize(
    ("flag", "value"), [(flag, value) for flag, _, _, bad in RANGES for value in bad]
)
def test_a_number_out_of_range_is_refused(flag: str, value: str, refuse: Refuse) -> None:
    line = refuse(flag, value)
    shown = value if flag in WHOLE else repr(value)
    assert line.startswith(f"error: input: {flag} {shown} is out of range; give ")


@pytest.mark.parametrize(
    ("flag", "value"),
    [(flag, value) for flag, *ends, _ in RANGES for value in ends if value != "100000000"],
)
def test_both_ends_of_a_range_are_legal(
    flag: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    short = [] if flag == "--iterations" else ["--iterations", "2"]
    assert exec_demo.main(["--shadow", *short, flag, value]) == 0
    assert json.loads(capsys.readouterr().out)


def test_more_decimals_than_the_house_has_are_refused(refuse: Refuse) -> None:
    line = refuse("--base-qty", "0.0000000001")
    assert "has more than 9 decimals; give a number above 0" in line


SYMBOLS = {
    "lower case": ("btcusdt", "'btcusdt' is not 1 to 32 upper-case letters"),
    "one of two": ("BTCUSDT,ethusdt", "'ethusdt' is not"),
    "twice": ("BTCUSDT,ETHUSDT,BTCUSDT", "'BTCUSDT' is given twice"),
    "too long": ("A" * 33, "is not 1 to 32"),
    "space": ("BTC USDT", "'BTC USDT' is not"),
    "semicolon": ("BTCUSDT;ETHUSDT", "is not 1 to 32"),
    "accent": ("\u00c9TH", "is not 1 to 32"),
    "look-alike": ("\u0412TCUSDT", "is not 1 to 32"),
    "NUL": ("A\x00", "is not 1 to 32"),
    "newline": ("A\nB", "is not 1 to 32"),
    "markup": ("<SCRIPT>", "is not 1 to 32"),
    "variable": ("${SYMBOL}", "is not 1 to 32"),
}


@pytest.mark.parametrize("name", SYMBOLS)
def test_a_bad_symbol_is_refused(name: str, refuse: Refuse) -> None:
    symbols, why = SYMBOLS[name]
    line = refuse("--symbols", symbols)
    assert line.startswith("error: input: --symbols: symbol ")
    assert why in line and line.endswith("; write BTCUSDT,ETHUSDT")


FLAGS = {
    "typing error": (["--iteration", "5"], "unknown flag '--iteration'", "'--iterations'"),
    "abbreviation": (["--iter", "5"], "unknown flag '--iter'", "'--iterations'"),
    "upper case": (["--Seed", "5"], "unknown flag '--Seed'", "'--seed'"),
    "underscore": (["--max_inv", "5"], "unknown flag '--max_inv'", "'--max-inv'"),
    "one dash": (["-seed", "5"], "unknown flag '-seed'", "'--seed'"),
    "a word": (["BTCUSDT"], "unknown word 'BTCUSDT'", "see --help"),
    "no value": (["--seed"], "--seed lacks its value", "write --seed N"),
    "a flag for a value": (["--seed", "--pretty"], "--seed lacks its value", "write --seed N"),
    "a value for a switch": (["--pretty=yes"], "--pretty takes no value", "write --pretty"),
    "shadow=false": (["--shadow=false"], "--shadow takes no value", "write --shadow"),
    "live": (["--live"], "unknown flag '--live'", "see --help"),
    "network": (["--network"], "unknown flag '--network'", "see --help"),
    "no network": (["--no-network"], "unknown flag '--no-network'", "see --help"),
    "testnet": (["--testnet"], "unknown flag '--testnet'", "see --help"),
    "mode": (["--mode", "live"], "unknown flag '--mode'", ""),
    "escape": (["--\x1b[31m"], "unknown flag '--\\x1b[31m'", "see --help"),
    "surrogate": (["--\udcff"], "unknown flag '--\\udcff'", "see --help"),
    "long": (["--" + "x" * 10_000], "unknown flag '--xxx", "see --help"),
}  # fmt: skip


@pytest.mark.parametrize("name", FLAGS)
def test_a_wrong_flag_is_refused(name: str, refuse: Refuse) -> None:
    argv, what, advice = FLAGS[name]
    line = refuse(*argv)
    assert line.startswith(f"error: usage: {what}")
    assert " at argument 2; " in line and advice.strip("?") in line.partition("; ")[2]


@pytest.mark.parametrize("name", ["bybit", "live", "binance", "", "Fake", "simulated,fake"])
def test_no_exchange_but_those_of_this_process_can_be_named(name: str, refuse: Refuse) -> None:
    line = refuse("--exchange", name)
    assert line.startswith(f"error: input: --exchange {name!r} is not fake or simulated; ")


@pytest.mark.parametrize(
    ("mode", "advice"),
    [("computd", "did you mean 'computed'?"), ("live", "see --help"), ("", "see --help"),
     ("SCRIPTED", "see --help"), ("scripted,computed", "did you mean 'scripted'?")],
)  # fmt: skip
def test_an_unknown_edge_is_refused(mode: str, advice: str, refuse: Refuse) -> None:
    line = refuse("--edge", mode)
    assert line == f"error: input: --edge {mode!r} is not scripted or computed; {advice}"


def test_shadow_must_be_asked_for_before_anything_is_looked_at(
    capsys: pytest.CaptureFixture[str],
) -> None:
    argv = ["--seed", "x", "--config", "none", "--symbols", ""]
    assert exec_demo.main(argv) == 1
    assert capsys.readouterr() == ("", "Error: --shadow flag is required\n")


def test_the_umbrella_refuses_an_unknown_verb(refuse: Refuse) -> None:
    assert "unknown verb 'live'" in refuse("live", main=umbrella.main)
    assert "unknown schema 'x'" in refuse("schema", "x", main=umbrella.main)
