"""A record has slots, a positional constructor and equality by class and fields; a door mutates."""

from __future__ import annotations

import copy
import pickle

import pytest

from tools.live.core.money import Number, Scaled
from tools.live.core.record import (
    builder, declared_types, door, fields_of, record, values_of,
)  # fmt: skip


@record
class Point:
    """A place."""

    kind = "a.point"
    x: int
    y: int

    def twice(self) -> int:
        return 2 * self.x


@record
class Other:
    x: int
    y: int


@record
class Single:
    value: str = "nothing"


@record
class Defaulted:
    first: int
    second: int = 2
    third: str | None = None


@record
class Shown:
    x: int

    def __repr__(self) -> str:
        return f"<{self.x}>"


@door
class Mutable:
    __slots__ = ("name", "qty_e9")
    __match_args__ = ("name", "qty")
    qty = Scaled("qty_e9")

    def __init__(self, name: str, qty: Number) -> None:
        self.name = name
        self.qty = qty


def test_fields_are_positional_and_by_name() -> None:
    assert Point(1, 2) == Point(x=1, y=2) == Point(1, y=2)
    assert (Point(1, 2).x, Point(1, 2).y) == (1, 2)


@pytest.mark.parametrize("arguments", [(), (1,), (1, 2, 3)])
def test_a_wrong_number_of_fields_is_a_type_error(arguments: tuple[int, ...]) -> None:
    with pytest.raises(TypeError):
        Point(*arguments)


def test_an_unknown_field_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        Point(1, 2, z=3)  # type: ignore[call-arg]


def test_there_is_no_room_for_other_attributes() -> None:
    point = Point(1, 2)
    assert Point.__slots__ == Point.__match_args__ == ("x", "y")
    assert not hasattr(point, "__dict__")
    assert not hasattr(point, "__weakref__")
    with pytest.raises(AttributeError):
        point.z = 3  # type: ignore[attr-defined]


def test_class_attributes_methods_and_names_survive() -> None:
    assert Point.kind == Point(1, 2).kind == "a.point"
    assert Point(4, 2).twice() == 8
    assert Point.__name__ == Point.__qualname__ == "Point"
    assert Point.__module__ == __name__
    assert Point.__doc__ == "A place."


def test_a_nested_record_keeps_its_qualified_name() -> None:
    @record
    class Inner:
        x: int

    assert Inner.__qualname__.endswith("<locals>.Inner")


@pytest.mark.parametrize("other", [Point(1, 3), Point(3, 2), Point(2, 1), Other(1, 2), (1, 2), 1])
def test_unequal(other: object) -> None:
    assert Point(1, 2) != other
    assert not Point(1, 2) == other


def test_a_record_lets_the_other_side_answer() -> None:
    class Anything:
        def __eq__(self, other: object) -> bool:
            return True

    assert Point(1, 2) == Anything()
    assert Mutable("a", 1) == Anything()


def test_equal_records_hash_equally() -> None:
    assert hash(Point(1, 2)) == hash(Point(1, 2))
    assert len({Point(1, 2), Point(1, 2), Point(2, 1)}) == 2


def test_a_record_of_one_field_compares_it() -> None:
    assert Single("a") == Single("a")
    assert Single("a") != Single("b")
    assert hash(Single("a")) == hash(Single("a"))


def test_defaults_are_filled_in() -> None:
    assert Defaulted(1) == Defaulted(1, 2, None)
    assert Defaulted(1, third="x") == Defaulted(1, 2, "x")
    assert Single().value == "nothing"


def test_repr_reads_like_the_constructor() -> None:
    assert repr(Point(1, 2)) == "Point(x=1, y=2)"
    assert repr(Defaulted(1)) == "Defaulted(first=1, second=2, third=None)"


def test_a_repr_of_its_own_stays() -> None:
    assert repr(Shown(1)) == "<1>"


def test_records_match_by_position() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
        case _:
            pytest.fail("no match")


def test_records_can_be_copied_and_pickled() -> None:
    point = Point(1, 2)
    assert copy.copy(point) == copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point


def test_fields_and_declared_types_can_be_asked_for() -> None:
    assert fields_of(Point) == fields_of(Point(1, 2)) == ("x", "y")
    assert declared_types(Defaulted) == {"first": "int", "second": "int", "third": "str | None"}
    declared_types(Point).clear()
    assert declared_types(Point) == {"x": "int", "y": "int"}


def test_a_builder_makes_what_its_class_makes() -> None:
    build = builder(Point)
    built = build(1, 2)
    assert built == Point(1, 2)
    assert built.__class__ is Point
    assert build(y=2, x=1) == Point(1, 2)
    assert builder(Single)("a") == Single("a")


@pytest.mark.parametrize("arguments", [(), (1,), (1, 2, 3)])
def test_a_builder_asks_for_every_field(arguments: tuple[int, ...]) -> None:
    with pytest.raises(TypeError):
        builder(Point)(*arguments)


def test_a_door_shows_and_compares_its_views() -> None:
    assert repr(Mutable("a", "0.5")) == "Mutable(name='a', qty=0.5)"
    assert Mutable("a", "0.5") == Mutable("a", 0.5)
    assert Mutable("a", 1) != Mutable("a", 2)
    assert Mutable("a", 1) != Mutable("b", 1)
    assert Mutable("a", 1) != ("a", 1)


def test_a_door_mutates_and_therefore_has_no_hash() -> None:
    changed = Mutable("a", 1)
    changed.qty = 2
    assert changed == Mutable("a", 2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(changed)


def test_values_come_in_the_order_of_the_fields() -> None:
    @record
    class Single:
        ns: int

    assert values_of(Point)(Point(1, 2)) == (1, 2)
    assert values_of(Single)(Single(7)) == (7,)
