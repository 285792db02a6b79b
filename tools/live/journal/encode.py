"""Events to record text, one generated function a kind: the same bytes as the plain encoder's.

`record_text(canonical(envelope(entry)))` costs ten microseconds an event. A function that knows
the fields of its kind needs one: keys are in their order already, and an exact decimal text is
looked up. A property test holds every kind against the plain encoder.

An entry is spelled in two parts, because the log puts its own number between them:

    {"b":<batch>,  "cause":..,"corr":..,"id":"..","p":{..},  "q":<seq>,  "src":..,"topic":..,.. }
                   `----------------- head ---------------'              `------- tail -------'
"""

from __future__ import annotations

from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from typing import Any, TypeAlias, cast

from ..core.contracts_v1 import INPUTS, OUTPUTS, Approved, Input, Output
from ..core.errors import InvariantBroken
from ..core.money import text as text_of
from ..core.record import declared_types, fields_of
from .frame import VERSION

# What an encoder takes: the event, its seq, corr and cause.
Encoder: TypeAlias = Callable[[Any, int, int, int], tuple[str, str]]

_MOST_TEXTS = 1 << 16
_SCALED = frozenset(
    {"base_qty", "spread_bps", "bid", "ask", "net_bps", "qty", "price", "qty_e9", "price_e9",
     "filled"}
)
_ENCODER = """
def encode(event, seq, corr, cause):
    return (
        f'"cause":{{cause}},"corr":{{corr}},"id":"{{seq}}","p":{{{{{payload}}}}},',
        f'"src":"{source}","topic":"{topic}","ts":{{event.ts_ns}},"v":{version}}}}}',
    )
"""


class Texts(dict[int, str]):
    """Exact decimal text of scaled integers, kept because prices and sizes come again."""

    def __missing__(self, number: int) -> str:
        if len(self) >= _MOST_TEXTS:
            self.clear()
        found = self[number] = f'"{text_of(number)}"'
        return found


def encoders(source_of: Callable[[type[Any]], str]) -> dict[type[Any], Encoder]:
    """An encoder for every kind of event; `source_of` says who speaks of it."""
    texts = Texts()
    return {kind: _encoder(kind, source_of(kind), texts) for kind in (*INPUTS, *OUTPUTS)}


def _encoder(kind: type[Input] | type[Output], source: str, texts: Texts) -> Encoder:
    types = Approved.__annotations__ if issubclass(kind, Approved) else declared_types(kind)
    spelled = {
        name.removesuffix("_e9"): _spelling(name, str(types[name]))
        for name in fields_of(kind)
        if name != "ts_ns"
    }
    payload = ",".join(f'"{name}":{{{spelled[name]}}}' for name in sorted(spelled))
    code = _ENCODER.format(payload=payload, source=source, topic=kind.kind, version=VERSION)
    scope = {"texts": texts, "quoted": encode_basestring_ascii, "names": _names, "null": "null"}
    exec(code, scope)
    return cast(Encoder, scope["encode"])


def _spelling(name: str, declared: str) -> str:
    """The expression that spells one field, by the type that its contract declares."""
    optional = declared.endswith(" | None")
    plain = declared.removesuffix(" | None")
    if name in _SCALED:
        spelling = f"texts[event.{name}]"
    elif plain in ("str", "Side", "RefusalReason", "FillFault"):
        spelling = f"quoted(event.{name})"
    elif plain == "tuple[str, ...]":
        spelling = f"names(event.{name})"
    else:
        raise InvariantBroken(f"no spelling is known for a field {name} of type {declared}")
    return f"{spelling} if event.{name} is not None else null" if optional else spelling


def _names(items: tuple[str, ...]) -> str:
    return f"[{','.join(map(encode_basestring_ascii, items))}]"
