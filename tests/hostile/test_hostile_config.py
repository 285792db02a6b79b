"""Config files under attack: whatever two readers could understand differently is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.hostile.refusals import Refuse
from tools.live.settings import SETTINGS

Hostile = Callable[[str, bytes], str]

# What the file holds, and the essentials of the answer.
JSON: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is not JSON at line 1 column 1: Expecting value; correct the file"),
    "blank": (b" \n", "is not JSON"),
    "list": (b"[]", "is not a table of settings; write key = value"),
    "word": (b'"seed"', "is not a table of settings"),
    "null": (b"null", "is not a table of settings"),
    "half": (b'{"seed": 1', "is not JSON at line 1 column 11"),
    "two documents": (b"{}{}", "is not JSON at line 1 column 3: Extra data"),
    "comma at the end": (b'{"seed": 1,}', "is not JSON at line 1"),
    "comment": (b'{"seed": 1} // one', "is not JSON at line 1 column 13"),
    "single quotes": (b"{'seed': 1}", "is not JSON at line 1 column 2"),
    "NaN": (b'{"max_inv": NaN}', "holds NaN; JSON numbers are finite; correct the file"),
    "Infinity": (b'{"max_inv": Infinity}', "holds Infinity"),
    "minus Infinity": (b'{"max_inv": -Infinity}', "holds -Infinity"),
    "1e400": (b'{"max_inv": 1e400}', "holds 1e400, beyond every double; correct the file"),
    "-1e400": (b'{"edge_threshold": -1e400}', "holds -1e400, beyond every double"),
    "duplicate key": (b'{"seed": 1, "seed": 2}', "has the key 'seed' twice; correct the file"),
    "duplicate by escape": (b'{"seed": 1, "\\u0073eed": 2}', "has the key 'seed' twice"),
    "byte order mark": (b'\xef\xbb\xbf{"seed": 1}', "starts with a byte order mark"),
    "UTF-16": ('{"seed": 1}'.encode("utf-16"), "is not UTF-8 at byte 0; correct the file"),
    "UTF-16 without mark": ('{"seed": 1}'.encode("utf-16-le"), "is not JSON at line 1 column 2"),
    "UTF-32": ('{"seed": 1}'.encode("utf-32"), "is not UTF-8 at byte 0"),
    "Latin-1": (b'{"symbols": "\xc9"}', "is not UTF-8 at byte 13"),
    "NUL": (b'{"seed": 1}\0', "is not JSON at line 1 column 12"),
    "control character": (b'{"quotes": "a\x01b"}', "is not JSON"),
    "100,000 levels": (b"[" * 100_000, "is nested deeper than 64 levels; correct the file"),
    "65 levels": (b'{"seed":' * 65 + b"1" + b"}" * 65, "is nested deeper than 64 levels"),
    "5,000 digits": (b'{"seed": ' + b"1" * 5000 + b"}", "holds an integer of 5000 digits"),
    "lone surrogate": (b'{"quotes": "\\ud800"}', "holds a lone surrogate"),
    "surrogate in a key": (b'{"\\udfff": 1}', "holds a lone surrogate"),
    "10 MB": (b'{"quotes": "' + b"a" * 10_000_000 + b'"}', "has 8388609 bytes; the limit is"),
    "float money": (b'{"base_qty": 0.1234567891}',
                    "base_qty 0.1234567891 has more than 9 decimals at /base_qty of --config"),
    "money beyond doubles": (b'{"max_inv": 1e300}', "max_inv 1e+300 is beyond"),
}  # fmt: skip

TOML: dict[str, tuple[bytes, str]] = {
    "no TOML": (b"seed", "is not TOML: "),
    "JSON": (b'{"seed": 1}', "is not TOML: "),
    "half": (b'quotes = "a', "is not TOML: "),
    "nan": (b"max_inv = nan", "max_inv 'nan' is not a number at /max_inv of --config"),
    "inf": (b"max_inv = +inf", "max_inv '+inf' is not a number at /max_inv"),
    "1e400": (b"max_inv = 1e400", "max_inv '1e400' is beyond 1000000000000000 units at"),
    "duplicate key": (b"seed = 1\nseed = 2", "is not TOML: Cannot overwrite a value"),
    "byte order mark": (b"\xef\xbb\xbfseed = 1", "starts with a byte order mark; correct"),
    "UTF-16": ("seed = 1".encode("utf-16"), "is not UTF-8 at byte 0"),
    "Latin-1": (b'symbols = "\xc9"', "is not UTF-8 at byte 11"),
    "NUL": (b"seed = 1\0", "is not TOML: "),
    "100,000 levels": (b"seed = " + b"[" * 100_000, "is nested too deeply; correct the file"),
    "5,000 digits": (b"seed = " + b"1" * 5000, "is not TOML: Exceeds the limit"),
    "hexadecimal flood": (b"seed = 0x" + b"f" * 50_000, "seed of 200000 bits is out of range at"),
    "the same in money": (b"max_inv = 0x" + b"f" * 50_000, "max_inv of 200000 bits is out of"),
    "the same in a rate": (b"fill_rate = 0x" + b"f" * 9_000, "fill_rate of 36000 bits is out of"),
    "the same for a switch": (b"requote = 0x" + b"f" * 9_000, "requote of 36000 bits is not a"),
    "lone surrogate": (b'quotes = "\\ud800"', "is not TOML: "),
    "10 MB": (b"#" * 10_000_000, "has more than 8388608 bytes; correct the file"),
    "date": (b"seed = 2025-01-01", "seed datetime.date(2025, 1, 1) is not a whole number at"),
    "time for a rate": (b"fill_rate = 07:32:00", "is not a number at /fill_rate"),
    "inline table": (b"seed = {a = 1}", "seed {'a': 1} is not a whole number at /seed"),
    "section": (b"[seed]\na = 1", "seed {'a': 1} is not a whole number at /seed"),
    "unknown section": (b"[limits]\nmax_inv = 1", "unknown key 'limits' at /limits of --config"),
    "dotted key": (b"max.inv = 1", "unknown key 'max' at /max of --config"),
}

# These hold in both kinds of file: key, value as both write it, essentials.
VALUES: dict[str, tuple[str, str, str]] = {
    "true for 1": ("seed", "true", "seed True is not a whole number at /seed of"),
    "false for 0": ("max_inv", "false", "max_inv False is not a number at /max_inv of"),
    "true for a rate": ("fill_rate", "true", "fill_rate True is not a number"),
    "true for symbols": ("symbols", "true", "symbols True is no list of names at /symbols"),
    "text for a switch": ("requote", '"yes"', "requote 'yes' is not a switch at /requote"),
    "1 for a switch": ("requote", "1", "requote 1 is not a switch at /requote"),
    "number for a file": ("quotes", "1", "quotes 1 is not a file name at /quotes"),
    "number for a word": ("edge", "1", "edge 1 is not scripted or computed at /edge"),
    "float for a whole number": ("iterations", "5.0", "is not a whole number at /iterations"),
    "list for a number": ("seed", "[1]", "seed [1] is not a whole number"),
    "numbers for symbols": ("symbols", "[1, 2]", "symbols [1, 2] is no list of names"),
    "lower-case symbol": ("symbols", '["btc"]', "symbol 'btc' is not 1 to 32 upper-case"),
    "symbol twice": ("symbols", '["A", "A"]', "symbol 'A' is given twice at /symbols"),
    "below the range": ("iterations", "0", "iterations 0 is out of range at /iterations"),
    "above the range": ("fill_rate", "1.5", "is out of range at /fill_rate of --config"),
    "10^12": ("iterations", "1000000000000", "is out of range at /iterations"),
    "text for a number": ("max_inv", '"ten"', "max_inv 'ten' is not a number at /max_inv"),
    "underscore in a text": ("seed", '"1_0"', "seed '1_0' is not a whole number"),
    "variable": ("quotes", '"${HOME}/q.csv"', "holds a variable at /quotes"),
    "variable in a variable": ("quotes", '"${A${B}}"', "holds a variable at /quotes"),
    "variable for a number": ("seed", '"${SEED}"', "seed '${SEED}' is not a whole number"),
    "variable for a symbol": ("symbols", '"${SYMBOL}"', "symbol '${SYMBOL}' is not 1 to 32"),
    "NUL in a file name": ("quotes", '"a\\u0000b"', "is not a file name at /quotes"),
    "no file name": ("quotes", '""', "quotes '' is not a file name at /quotes"),
}

# Unknown keys, as both kinds quote them, with their pointer and the hint.
KEYS: dict[str, tuple[str, str, str]] = {
    "misspelt": ("max_invv", "/max_invv", "did you mean 'max_inv'?"),
    "as a flag": ("max-inv", "/max-inv", "did you mean 'max_inv'?"),
    "upper case": ("Seed", "/Seed", "did you mean 'seed'?"),
    "__proto__": ("__proto__", "/__proto__", "see --help"),
    "variable": ("${seed}", "/${seed}", "did you mean 'seed'?"),
    "no name": ("", "/", "see --help"),
    "slash": ("a/b~c", "/a~1b~0c", "see --help"),
    "shadow": ("shadow", "/shadow", "see --help"),
    "live": ("live", "/live", "see --help"),
    "out": ("out", "/out", "see --help"),
    "freeze_utc": ("freeze_utc", "/freeze_utc", "see --help"),
    "config": ("config", "/config", "see --help"),
    "long": ("k" * 5000, "/" + "k" * 60, "see --help"),
    "newline": ("a\\nb", "/a\\nb", "see --help"),
}


@pytest.mark.parametrize("name", JSON)
def test_a_hostile_json_file_is_refused(name: str, refuse: Refuse, hostile: Hostile) -> None:
    raw, why = JSON[name]
    line = refuse("--config", hostile("hostile.json", raw))
    assert why in line and "--config hostile.json" in line


@pytest.mark.parametrize("name", TOML)
def test_a_hostile_toml_file_is_refused(name: str, refuse: Refuse, hostile: Hostile) -> None:
    raw, why = TOML[name]
    line = refuse("--config", hostile("hostile.toml", raw))
    assert why in line and "--config hostile.toml" in line


def both(key: str, value: str) -> dict[str, bytes]:
    """One setting, in each kind of file."""
    return {
        "hostile.json": f'{{"{key}": {value}}}'.encode(),
        "hostile.toml": f'"{key}" = {value}\n'.encode(),
    }


@pytest.mark.parametrize("file", ["hostile.json", "hostile.toml"])
@pytest.mark.parametrize("name", VALUES)
def test_a_wrong_value_is_refused_with_its_pointer(
    name: str, file: str, refuse: Refuse, hostile: Hostile
) -> None:
    key, value, why = VALUES[name]
    line = refuse("--config", hostile(file, both(key, value)[file]))
    assert why in line and f" at /{key} of --config {file}; " in line


@pytest.mark.parametrize("file", ["hostile.json", "hostile.toml"])
@pytest.mark.parametrize("name", KEYS)
def test_an_unknown_key_is_refused(
    name: str, file: str, refuse: Refuse, hostile: Hostile
) -> None:
    """A misspelt limit would be no limit."""
    key, pointer, hint = KEYS[name]
    line = refuse("--config", hostile(file, both(key, "1")[file]))
    assert line.startswith("error: input: unknown key '")
    assert line.endswith(f" at {pointer} of --config {file}; {hint}")


@pytest.mark.parametrize("key", [setting.key for setting in SETTINGS])
def test_null_is_no_value(key: str, refuse: Refuse, hostile: Hostile) -> None:
    line = refuse("--config", hostile("hostile.json", f'{{"{key}": null}}'.encode()))
    assert f"{key} None is " in line and f" at /{key} of " in line


def test_a_bad_value_is_refused_even_where_a_flag_wins(
    refuse: Refuse, hostile: Hostile
) -> None:
    config = hostile("hostile.toml", b"seed = -1\n")
    assert "/seed" in refuse("--config", config, "--seed", "1")
