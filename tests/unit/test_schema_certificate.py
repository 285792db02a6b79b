"""The certificates that the kit writes fit their schema, and the schema knows their words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exchange.answers_later import later
from tests.exchange.paper_venue import PaperVenue, paper
from tests.unit.json_schema import errors
from tools.live.conformance.capabilities import Capabilities, form
from tools.live.conformance.case import Outcome
from tools.live.conformance.catalogue import CASES, KIT_VERSION, chosen
from tools.live.conformance.certificate import certify
from tools.live.conformance.stages import fake
from tools.live.reports import schema
from tools.live.reports.schema_certificate import VERSION, certificate

SCHEMA = schema.SCHEMAS["certificate"]


@pytest.mark.parametrize("make", [fake, paper, later, PaperVenue])
def test_every_certificate_fits_the_schema(make: Any) -> None:
    some = chosen(["place-001", "fills-003", "matrix-003"])
    assert errors(certify(make, "m:f", some), SCHEMA) == []
    assert errors(certify(make, "m:f"), SCHEMA) == []


def test_a_certificate_with_another_word_does_not_fit() -> None:
    told = certify(fake, "m:f", chosen(["place-001"]))
    assert errors({**told, "wall_time": 1}, SCHEMA) != []
    told["cases"][0]["outcome"] = "good"
    assert errors(told, SCHEMA) != []


def test_the_schema_knows_the_words_of_the_kit() -> None:
    parts = SCHEMA["properties"]
    assert parts["capabilities"]["required"] == sorted(form(Capabilities()))
    words = [one.value for one in Outcome]
    assert parts["cases"]["items"]["properties"]["outcome"]["enum"] == words
    assert list(parts["counts"]["properties"]) == words
    assert SCHEMA == certificate()
    assert SCHEMA["$id"].endswith(f"certificate:{VERSION}")
    assert KIT_VERSION >= 1 and len(CASES) > 90
