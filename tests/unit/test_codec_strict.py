"""The strict loader refuses whatever two readers of `tools.live.core.codec` could see twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.live.core import codec
from tools.live.core.errors import ContractError

MIB = 1024 * 1024
ROOT = Path(__file__).resolve().parent.parent.parent

# A text that never ends, full of escaped quotes: each of them looks like the start of another.
NEVER_ENDING = """
from tools.live.core import codec
try:
    codec.load_strict(b'"' + b'\\\\"' * 500_000, "cfg")
except codec.ContractError as error:
    print(error)
"""

READ: dict[str, tuple[bytes, Any]] = {
    "object": (b'{"a": [1, -2, 2.5, 1e3, true, false, null, "x"]}',
               {"a": [1, -2, 2.5, 1000.0, True, False, None, "x"]}),
    "white space": (b" \t\r\n{ } \n", {}),
    "text": ('{"\u00e9": "\U0001d11e"}'.encode(), {"\u00e9": "\U0001d11e"}),
    "escaped pair": (b'{"a": "\\ud834\\udd1e"}', {"a": "\U0001d11e"}),
    "brackets in text": (b'{"a": "' + b"[{" * 100 + b'"}', {"a": "[{" * 100}),
    "escaped quotes": (b'["\\"[", "\\\\", "["]', ['"[', "\\", "["]),
    "64 levels": (b"[" * 64 + b"]" * 64, "checked by its depth"),
    "many of few levels": (b"[" + b"[[]]," * 99 + b"0]", "checked by its depth"),
    "40 digits": (b"[" + b"9" * 40 + b"]", [int("9" * 40)]),
    "negative": (b"[-0.0, -1]", [-0.0, -1]),
    "largest double": (b"[1.7976931348623157e308]", [1.7976931348623157e308]),
    "too small a double": (b"[1e-400]", [0.0]),
    "equal keys, other objects": (b'{"a": {"a": 1}, "b": {"a": 2}}',
                                  {"a": {"a": 1}, "b": {"a": 2}}),
    "keys of other cases": (b'{"a": 1, "A": 2}', {"a": 1, "A": 2}),
    "proto": (b'{"__proto__": {"x": 1}}', {"__proto__": {"x": 1}}),
    "placeholder": (b'{"${HOME}": "${HOME}"}', {"${HOME}": "${HOME}"}),
}  # fmt: skip

REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "cfg is not JSON at line 1 column 1: Expecting value"),
    "blank": (b"  ", "cfg is not JSON at line 1 column 3: Expecting value"),
    "NaN": (b'{"a": NaN}', "cfg holds NaN; JSON numbers are finite"),
    "Infinity": (b"[Infinity]", "cfg holds Infinity; JSON numbers are finite"),
    "-Infinity": (b"[-Infinity]", "cfg holds -Infinity; JSON numbers are finite"),
    "1e400": (b"[1e400]", "cfg holds 1e400, beyond every double"),
    "-1e400": (b"[-1e400]", "cfg holds -1e400, beyond every double"),
    "1e400 as digits": (b"[" + b"1" * 400 + b".0]", f"cfg holds {'1' * 60}, beyond every double"),
    "double key": (b'{"a": 1, "a": 1}', "cfg has the key 'a' twice"),
    "double key below": (b'{"b": [{"a": 1, "a": 2}]}', "cfg has the key 'a' twice"),
    "double key, spelled twice": (b'{"a": 1, "\\u0061": 1}', "cfg has the key 'a' twice"),
    "long double key": (b'{"%s":1,"%s":1}' % ((b"k" * 99,) * 2),
                        f"cfg has the key '{'k' * 60}' twice"),
    "byte order mark": (b"\xef\xbb\xbf{}",
                        "cfg starts with a byte order mark; save it as plain UTF-8"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "cfg is not UTF-8 at byte 0"),
    "UTF-16 without mark": ('{"a":1}'.encode("utf-16-le"),
                            "cfg is not JSON at line 1 column 2: Expecting property name enclosed"
                            " in double quotes"),
    "UTF-32": ('{"a":1}'.encode("utf-32"), "cfg is not UTF-8 at byte 0"),
    "Latin-1": (b'{"a": "\xe9"}', "cfg is not UTF-8 at byte 7"),
    "overlong": (b'{"a": "\xc0\xaf"}', "cfg is not UTF-8 at byte 7"),
    "encoded surrogate": (b'["\xed\xa0\x80"]', "cfg is not UTF-8 at byte 2"),
    "lone surrogate": (b'{"a": "\\ud800"}', "cfg holds a lone surrogate in '\\ud800'"),
    "lone low surrogate": (b'{"a": "x\\udc00"}', "cfg holds a lone surrogate in 'x\\udc00'"),
    "lone surrogate in a key": (b'{"\\ud800": 1}', "cfg holds a lone surrogate in '\\ud800'"),
    "lone surrogate in a list": (b'{"a": [["\\ud800"]]}',
                                 "cfg holds a lone surrogate in '\\ud800'"),
    "lone surrogate in a list of lists": (b'["x", ["\\ud800"]]',
                                          "cfg holds a lone surrogate in '\\ud800'"),
    "lone surrogate at the top": (b'"\\ud800"', "cfg holds a lone surrogate in '\\ud800'"),
    "65 levels": (b"[" * 65 + b"]" * 65, "cfg is nested deeper than 64 levels"),
    "65 levels of both": (b'{"a":[' * 33 + b"]}" * 33, "cfg is nested deeper than 64 levels"),
    "depth 100,000": (b"[" * 100_000, "cfg is nested deeper than 64 levels"),
    "depth 100,000 of objects": (b'{"a":' * 100_000, "cfg is nested deeper than 64 levels"),
    "depth behind an open text": (b'["' + b"[" * 100,
                                  "cfg is not JSON at line 1 column 2: Unterminated string"),
    "depth behind an escape": (b'["\\"]' + b"[" * 65, "cfg is not JSON at line 1 column 2: Unter"),
    "depth behind a text": (b'["\\\\"' + b"[" * 64, "cfg is nested deeper than 64 levels"),
    "depth behind siblings": (b"[" + b"[],{}," * 99 + b"[" * 64, "cfg is nested deeper than 64"),
    "open escape": (b'["\\', "cfg is not JSON at line 1 column 2: Unterminated string"),
    "surrogates in a map of a list": (b'[{"a": "\\udfff"}]', "cfg holds a lone surrogate in '"),
    "5,000 digits": (b"[" + b"1" * 5000 + b"]", "cfg holds an integer of 5000 digits"),
    "41 digits": (b"[" + b"1" * 41 + b"]", "cfg holds an integer of 41 digits"),
    "8 MiB and one": (b" " * (8 * MIB + 1), f"cfg has {8 * MIB + 1} bytes; the limit is {8 * MIB}"),
    "10 MB": (b"[" + b" " * 10_000_000 + b"]", f"cfg has 10000002 bytes; the limit is {8 * MIB}"),
    "trailing data": (b"{}\n{}", "cfg is not JSON at line 2 column 1: Extra data"),
    "trailing comma": (b"[1,]", "cfg is not JSON at line 1 column"),
    "single quotes": (b"{'a': 1}", "cfg is not JSON at line 1 column 2: Expecting property name"),
    "comment": (b"{} // x", "cfg is not JSON at line 1 column 4: Extra data"),
    "underscore": (b"[1_0]", "cfg is not JSON at line 1 column 3: Expecting ',' delimiter"),
    "plus": (b"[+1]", "cfg is not JSON at line 1 column 2: Expecting value"),
    "leading zero": (b"[01]", "cfg is not JSON at line 1 column 3: Expecting ',' delimiter"),
    "hex": (b"[0x1]", "cfg is not JSON at line 1 column 3: Expecting ',' delimiter"),
    "Arabic digits": ("[\u0661]".encode(), "cfg is not JSON at line 1 column 2: Expecting value"),
    "raw newline in text": (b'["a\nb"]', "cfg is not JSON at line 1 column 4: Invalid control"),
    "NUL": (b"[1]\0", "cfg is not JSON at line 1 column 4: Extra data"),
    "bad escape": (b'["\\x"]', "cfg is not JSON at line 1 column 3: Invalid"),
    "open text": (b'["a', "cfg is not JSON at line 1 column 2: Unterminated string"),
    "half a document": (b'{"a": [1, 2', "cfg is not JSON at line 1 column"),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_what_is_read(case: str) -> None:
    raw, data = READ[case]
    found = codec.load_strict(raw, "cfg")
    assert found == data or data == "checked by its depth"


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_and_how(case: str) -> None:
    raw, message = REFUSED[case]
    with pytest.raises(ContractError) as refused:
        codec.load_strict(raw, "cfg")
    assert str(refused.value).startswith(message)


def test_a_value_is_cut_in_the_message() -> None:
    with pytest.raises(ContractError) as refused:
        codec.load_strict(b'{"a": "\\ud800%s"}' % (b"x" * 500), "cfg")
    assert len(str(refused.value)) < 120


def test_exactly_8_mib_are_read() -> None:
    assert codec.load_strict(b"[1]" + b" " * (8 * MIB - 3), "cfg") == [1]


def test_true_is_not_1() -> None:
    assert codec.load_strict(b"[true, 1]", "cfg")[0] is True
    assert type(codec.load_strict(b"[true, 1]", "cfg")[1]) is int


def test_numbers_keep_their_kind() -> None:
    integer, decimal = codec.load_strict(b"[1, 1.0]", "cfg")
    assert (type(integer), type(decimal)) == (int, float)


@pytest.mark.parametrize("cut", range(1, 24))
def test_every_cut_of_a_document_is_refused(cut: int) -> None:
    whole = b'{"a": [1, "\\u00e9"], "b": 2}'
    with pytest.raises(ContractError, match="^cfg is not JSON at line 1 column "):
        codec.load_strict(whole[:cut], "cfg")


def test_the_loader_takes_linear_time() -> None:
    """One million bytes are read at once or, when each quote is tried again, not within hours."""
    done = subprocess.run(
        [sys.executable, "-E", "-S", "-c", NEVER_ENDING],
        cwd=ROOT, timeout=10, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.startswith("cfg is not JSON at line 1 column 1: Unterminated string")
