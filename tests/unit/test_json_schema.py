"""The validator of the tests: it accepts what is right, and sees every kind of wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.json_schema import CHECKS, errors

# keyword: schema, a document that fits, one that does not, where it is wrong
ROWS: list[tuple[dict[str, Any], Any, Any, str]] = [
    ({"type": "integer"}, 3, 3.5, "/"),
    ({"type": "integer"}, 3.0, True, "/"),
    ({"type": "number"}, 3.5, "3.5", "/"),
    ({"type": "number"}, 0, float("nan"), "/"),
    ({"type": "number"}, -1e300, float("inf"), "/"),
    ({"type": "string"}, "", None, "/"),
    ({"type": "boolean"}, False, 0, "/"),
    ({"type": "null"}, None, False, "/"),
    ({"type": "array"}, [], {}, "/"),
    ({"type": ["string", "null"]}, None, 0, "/"),
    ({"const": [1, "a"]}, [1, "a"], [1], "/"),
    ({"const": 1}, 1.0, True, "/"),
    ({"const": {"a": 1}}, {"a": 1}, {"a": True}, "/"),
    ({"enum": ["a", "b"]}, "b", "c", "/"),
    ({"enum": [0]}, 0, False, "/"),
    ({"properties": {"a": {"type": "null"}}}, {"b": 1}, {"a": 1}, "/a"),
    ({"required": ["a"]}, {"a": 1}, {"b": 1}, "/"),
    ({"properties": {"a": {}}, "additionalProperties": False}, {"a": 1}, {"a": 1, "b": 2}, "/"),
    ({"additionalProperties": {"type": "string"}}, {"a": "x"}, {"a": 1}, "/a"),
    ({"items": {"type": "string"}}, ["a"], ["a", 1], "/1"),
    ({"uniqueItems": True}, [1, True, [1], [2]], ["a", "b", "a"], "/2"),
    ({"pattern": "^a+$"}, "aa", "ab", "/"),
    ({"minimum": 0}, 0, -1, "/"),
    ({"maximum": 1}, 1, 1.5, "/"),
    ({"exclusiveMinimum": 0}, 0.1, 0, "/"),
    ({"oneOf": [{"type": "string"}, {"minimum": 5}]}, 4.5 + 0.5, 1, "/"),
    ({"oneOf": [{"minimum": 1}, {"minimum": 5}]}, 2, 6, "/"),
]
NOT_THEIRS: list[tuple[dict[str, Any], Any]] = [
    ({"properties": {"a": {"type": "null"}}}, [1]),
    ({"required": ["a"]}, "text"),
    ({"additionalProperties": False}, [1]),
    ({"items": {"type": "null"}}, "text"),
    ({"uniqueItems": True}, "aa"),
    ({"uniqueItems": False}, [1, 1]),
    ({"pattern": "^a"}, 5),
    ({"minimum": 5}, "1"),
    ({"description": "a word"}, 1),
]


@pytest.mark.parametrize(("schema", "right", "wrong", "where"), ROWS)
def test_a_keyword_accepts_and_refuses(
    schema: dict[str, Any], right: Any, wrong: Any, where: str
) -> None:
    assert errors(right, schema) == []
    found = errors(wrong, schema)
    assert len(found) == 1 and found[0].startswith(f"{where}: "), found


@pytest.mark.parametrize(("schema", "value"), NOT_THEIRS)
def test_a_keyword_leaves_other_types_alone(schema: dict[str, Any], value: Any) -> None:
    assert errors(value, schema) == []


def test_every_keyword_has_a_row() -> None:
    assert {keyword for schema, *_ in ROWS for keyword in schema} == set(CHECKS)


def test_an_unknown_keyword_is_an_error() -> None:
    with pytest.raises(NotImplementedError, match="/a: the keyword 'anyOf'"):
        errors({"a": 1}, {"properties": {"a": {"anyOf": []}}})


def test_every_fault_is_listed() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"b": {"items": {"minimum": 1}}}}
    assert errors({"b": [0, 1, -1]}, schema) == [
        "/: 'a' is missing",
        "/b/0: 0 is not at least 1",
        "/b/2: -1 is not at least 1",
    ]
