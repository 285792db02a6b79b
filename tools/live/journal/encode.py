"""Events to record text, one generated function a kind: the same bytes as the plain encoder's.

`record_text(canonical(envelope(entry)))` costs ten microseconds an event. A function that knows
the fields of its kind needs one: keys are in their order already, and an exact decimal text is
looked up. A property test holds every kind against the plain encoder.

For a line that takes what it hears as it is, a generated writer spells the fields of an event that
nobody has made: that is the way of nearly all inputs of a run.

An entry is spelled in two parts, because the log puts its own number between them:

    {"b":<batch>,  "cause":..,"corr":..,"id":"..","p":{..},  "q":<seq>,  "src":..,"topic":..,.. }
                   `----------------- head ---------------'              `------- tail -------'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from json.encoder import encode_basestring_ascii
from typing import Any, Protocol, TypeAlias, cast

from ..core.codec import SCALED, key_of
from ..core.contracts_v1 import INPUTS, OUTPUTS, Approved
from ..core.errors import InvariantBroken
from ..core.market_v1 import Levels
from ..core.money import cash_text
from ..core.money import text as text_of
from ..core.record import declared_types, fields_of
from .frame import VERSION

# What an encoder takes: the event, its seq, corr and cause.
Encoder: TypeAlias = Callable[[Any, int, int, int], tuple[str, str]]
Writer: TypeAlias = Callable[..., None]

_MOST_TEXTS = 1 << 16
_ENCODER = """
def made(texts, amounts, quoted, names, levels, null):
    def encode(event, seq, corr, cause):
        return {parts}
    return encode
"""
_WRITER = """
def made(texts, amounts, quoted, names, levels, null, line, careful, taken, last, commit):
    append = taken.append
    def write(seq, corr, cause, {taking}):
        if seq != line.expected:
            return careful(seq, corr, cause, {taking})
        last["{source}"] = seq
        append({parts})
        line.expected = seq + 1
        if {due}:
            commit()
    return write
"""
_PARTS = """(
            f'"cause":{{cause}},"corr":{{corr}},"id":"{{seq}}","p":{{{{{payload}}}}},',
            f'"src":"{source}","topic":"{topic}","ts":{{{place}ts_ns}},"v":{version}}}}}',
        )"""


class Texts(dict[int, str]):
    """Exact decimal text of scaled integers, kept because prices and sizes come again."""

    def __init__(self, spell: Callable[[int], str] = text_of) -> None:
        self._spell = spell

    def __missing__(self, number: int) -> str:
        if len(self) >= _MOST_TEXTS:
            self.clear()
        found = self[number] = f'"{self._spell(number)}"'
        return found


class FastLine(Protocol):
    """What a writer needs of its line: the seq that may come next without a closer look."""

    expected: int


def encoders(
    source_of: Callable[[type[Any]], str], kinds: Sequence[type[Any]] = (*INPUTS, *OUTPUTS)
) -> dict[type[Any], Encoder]:
    """An encoder for every kind of event; `source_of` says who speaks of it."""
    spelling = _spelling_with(Texts())
    return {
        kind: _made(_ENCODER.format(parts=_parts(kind, source_of(kind), "event.")), spelling)
        for kind in kinds
    }


class Writers:
    """Makes the functions by which one line takes its entries: spelled, noted, and every `batch`
    of them committed; with `at_once` each of its kind is.

    A writer takes seq, corr and cause, and behind them the event or its fields. Whatever does not
    follow as the line expects goes to `careful`, with the same arguments.
    """

    def __init__(
        self,
        source_of: Callable[[type[Any]], str],
        line: FastLine,
        taken: list[tuple[str, str]],
        last: dict[str, int],
        commit: Callable[[], None],
        batch: int,
    ) -> None:
        self._source_of = source_of
        self._batch = batch
        self._spelling = _spelling_with(Texts())
        self._scope = {"line": line, "taken": taken, "last": last, "commit": commit}

    def of_event(
        self, kind: type[Any], careful: Callable[..., None], *, at_once: bool = False
    ) -> Writer:
        """For events that somebody has made."""
        return self._writer(kind, "event.", "event", careful, at_once)

    def of_fields(self, kind: type[Any], careful: Callable[..., None]) -> Writer:
        """For the fields of an event, in their order."""
        return self._writer(kind, "", ", ".join(fields_of(kind)), careful, False)

    def _writer(
        self, kind: type[Any], place: str, taking: str, careful: Callable[..., None], at_once: bool
    ) -> Writer:
        source = self._source_of(kind)
        code = _WRITER.format(
            taking=taking, source=source, parts=_parts(kind, source, place),
            due="True" if at_once else f"len(taken) >= {self._batch}",
        )  # fmt: skip
        return cast(Writer, _made(code, {**self._spelling, **self._scope, "careful": careful}))


def _spelling_with(texts: Texts) -> dict[str, Any]:
    """What the generated expressions call."""

    def levels(told: Levels) -> str:
        return f"[{','.join([f'[{texts[price]},{texts[qty]}]' for price, qty in told])}]"

    return {
        "texts": texts, "amounts": Texts(cash_text), "quoted": encode_basestring_ascii,
        "names": _names, "levels": levels, "null": "null",
    }  # fmt: skip


def _made(code: str, scope: dict[str, Any]) -> Any:
    """What the `made` of a template makes; the names in `scope` are its parameters."""
    return _compiled(code)(**scope)


@cache
def _compiled(code: str) -> Callable[..., Any]:
    """A log is opened more often than there are kinds, and compiling takes its time."""
    made: dict[str, Any] = {}
    exec(code, made)
    return cast(Callable[..., Any], made["made"])


def _parts(kind: type[Any], source: str, place: str) -> str:
    """The expression of both parts of an entry; `place` is where its fields are found."""
    types = Approved.__annotations__ if issubclass(kind, Approved) else declared_types(kind)
    spelled = {
        key_of(name.removesuffix("_e9")): _spelling(name, str(types[name]), place)
        for name in fields_of(kind)
        if name != "ts_ns"
    }
    payload = ",".join(f'"{name}":{{{spelled[name]}}}' for name in sorted(spelled))
    return _PARTS.format(
        payload=payload, source=source, topic=kind.kind, version=VERSION, place=place
    )


def _spelling(name: str, declared: str, place: str) -> str:
    """The expression that spells one field, by the type that its contract declares."""
    optional = declared.endswith(" | None")
    plain = declared.removesuffix(" | None")
    value = f"{place}{name}"
    if name in SCALED:
        spelling = f"texts[{value}]"
    elif name.endswith("_e18"):
        spelling = f"amounts[{value}]"
    elif plain in ("str", "Side", "RefusalReason", "FillFault", "EdgeVerdict"):
        spelling = f"quoted({value})"
    elif plain == "int":
        spelling = value
    elif plain == "Levels":
        spelling = f"levels({value})"
    elif plain == "tuple[str, ...]":
        spelling = f"names({value})"
    else:
        raise InvariantBroken(f"no spelling is known for a field {name} of type {declared}")
    return f"{spelling} if {value} is not None else null" if optional else spelling


def _names(items: tuple[str, ...]) -> str:
    return f"[{','.join(map(encode_basestring_ascii, items))}]"
