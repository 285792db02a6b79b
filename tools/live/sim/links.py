"""Orders that hang together: one cancels the other (OCO), one sends another (OTO), and brackets.

Orders that name one group are OCO. Where they come by themselves, the first fill of one of them
ends the others (`CANCEL`, the default of venues). Where they come behind an entry, a fill of one
makes the others smaller by as much (`REDUCE`): an entry or an exit that fills in part leaves both
the target and the stop for exactly what is held. When its client cancels one, the others end too;
one that ends otherwise without its fill (it expires, or nobody offers enough) leaves them be.

An order that comes `after` another one is sent for what filled of that one, and grows with it. What
filled is given to each order or group once, the oldest first, up to its quantity; so exits are
never in force for more than was entered. When the entry ends, those that got nothing of it end.

Links tell what is to be done and do nothing. `Effects.work` says how much of an order is to work
from now on: more than before is new quantity, which joins the end of the queue, less keeps its
place, and nothing waits. `Effects.end` lists what is to be canceled. Of several fills in one event
only `allowed` counts.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from ..core.record import record
from .orders import OrderRequest, WorkingOrder

REMEMBERED = 10_000  # groups and entries that have ended, so that none of them begins again


class OcoRule(str, Enum):
    """What a fill of one order of a group does to the others."""

    CANCEL = "cancel"
    REDUCE = "reduce"


@record
class Effects:
    """Orders with what of each is to work from now on, and orders that are to end."""

    work: tuple[tuple[WorkingOrder, int], ...] = ()
    end: tuple[WorkingOrder, ...] = ()


NOTHING = Effects()
Remembered = TypeVar("Remembered")


class Links:
    """All links between the orders of an exchange."""

    def __init__(
        self, *, apart: OcoRule = OcoRule.CANCEL, behind_an_entry: OcoRule = OcoRule.REDUCE
    ) -> None:
        self._apart = apart
        self._behind = behind_an_entry
        self._legs: dict[int, _Leg] = {}
        self._groups: dict[str, _Group] = {}
        self._entries: dict[str, _Entry] = {}
        self._ended_groups: dict[str, None] = {}
        self._ended_entries: dict[str, _Entry] = {}

    def __len__(self) -> int:
        """How many orders hang here or may send one: with none, fills mean nothing to links."""
        return len(self._legs) + len(self._entries)

    def refusal(
        self, request: OrderRequest, *, entry_filled: int | None = None, entry_open: bool = False
    ) -> str | None:
        """Why an order cannot hang where it wants to; the entry's fill is None for an unknown one.

        It is asked of orders with a group or an entry.
        """
        name, after = request.one_cancels_other, request.after
        if after is not None and entry_filled is None:
            return f"after {after!r} names no order that is known here"
        if after is not None and not entry_open and not entry_filled:
            return f"order {after!r} has ended without a fill; there is nothing to send this for"
        if name is None:
            return None
        if name in self._ended_groups:
            return f"the orders of group {name!r} have ended; name another group"
        group = self._groups.get(name)
        if group is not None and group.after != after:
            return f"the orders of group {name!r} come after {group.after!r}, not {after!r}"
        if group is not None and group.filled and group.rule is OcoRule.CANCEL:
            return f"an order of group {name!r} has filled already; name another group"
        return None

    def add(
        self, order: WorkingOrder, *, entry_filled: int = 0, entry_open: bool = False
    ) -> Effects:
        """Hang up an order that is not in the market yet.

        It sets what the order is in force for: of one behind an entry nothing, till it is sent.
        """
        request = order.request
        group = self._group_of(request)
        leg = self._legs[order.number] = _Leg(order, group)
        if group is not None:
            group.legs[order.number] = leg
        if request.after is None:
            leg.sent = order.qty
            order.qty = order.leaves = leg.live
            order.shown = min(order.shown, leg.live)
            return NOTHING if leg.live else Effects((), self._drop_all([leg]))
        order.qty = order.leaves = order.shown = 0
        entry = self._entry_of(request.after, entry_filled, entry_open)
        leg.entry = entry
        entry.add(leg)
        work = entry.give()
        return Effects(work, self._drop_all([one for one in entry.legs() if one.is_done]))

    def allowed(self, order: WorkingOrder, qty: int) -> int:
        """How much of a fill counts: no more than works after all that filled before it."""
        leg = self._legs.get(order.number)
        return qty if leg is None else min(qty, leg.live)

    def more_to_come(self, order: WorkingOrder) -> bool:
        """Whether an order that has filled as far as it was sent may be sent for more."""
        leg = self._legs.get(order.number)
        return leg is not None and leg.may_grow

    def resized(self, order: WorkingOrder) -> None:
        """An order was amended or cut: from now on it works what it leaves."""
        leg = self._legs.get(order.number)
        if leg is not None:
            leg.sent = order.leaves + leg.gone

    def on_fill(self, order: WorkingOrder, qty: int) -> Effects:
        """What follows from a fill: for the others of the group, and for those behind the order."""
        leg = self._legs.get(order.number)
        work: tuple[tuple[WorkingOrder, int], ...] = ()
        end: list[_Leg] = []
        if leg is not None:
            leg.filled += qty
            leg.unit.filled += qty
            if leg.group is not None:
                work, end = leg.group.on_fill(leg, qty)
        entry = self._entries.get(order.client_order_id)
        if entry is not None:
            entry.filled += qty
            work += entry.give()
        return Effects(work, self._drop_all(end)) if work or end else NOTHING

    def on_end(self, order: WorkingOrder, *, canceled: bool) -> Effects:
        """What follows from the end of an order; `canceled` when its client wanted it."""
        end: list[_Leg] = []
        leg = self._legs.get(order.number)
        if leg is not None:
            self._drop(leg)
            if leg.group is not None and canceled:
                end += leg.group.legs.values()
        name = order.client_order_id
        entry = self._entries.pop(name, None)
        if entry is not None:
            entry.is_open = False
            _remember(self._ended_entries, name, entry)
            end += [one for one in entry.legs() if one.is_done and one not in end]
        ended = self._drop_all(end)
        work = leg.entry.give() if leg is not None and leg.entry is not None else ()
        return Effects(work, ended) if work or ended else NOTHING

    def state(self) -> tuple[object, ...]:
        """All of it, for a hash: values only."""
        return (
            tuple((number, leg.sent, leg.filled) for number, leg in self._legs.items()),
            tuple((name, group.filled) for name, group in self._groups.items()),
            tuple((name, entry.filled, entry.given) for name, entry in self._entries.items()),
            tuple(self._ended_groups),
            tuple((name, entry.given) for name, entry in self._ended_entries.items()),
        )

    def _group_of(self, request: OrderRequest) -> _Group | None:
        name = request.one_cancels_other
        if name is None:
            return None
        if name not in self._groups:
            rule = self._apart if request.after is None else self._behind
            self._groups[name] = _Group(name, rule, request.after)
        return self._groups[name]

    def _entry_of(self, name: str, filled: int, is_open: bool) -> _Entry:
        found = self._entries.get(name)
        if found is None and not is_open:  # an open one has the name of one that was forgotten
            found = self._ended_entries.get(name)
        if found is None:
            found = _Entry(filled, is_open)
            if is_open:
                self._entries[name] = found
            else:
                _remember(self._ended_entries, name, found)
        return found

    def _drop_all(self, legs: list[_Leg]) -> tuple[WorkingOrder, ...]:
        for leg in legs:
            self._drop(leg)
        return tuple([leg.order for leg in legs])

    def _drop(self, leg: _Leg) -> None:
        number, group = leg.order.number, leg.group
        del self._legs[number]
        leg.unit.leave(number)
        if group is not None:
            del group.legs[number]
            if not group.legs:
                del self._groups[group.name]
                _remember(self._ended_groups, group.name, None)


class _Unit:
    """What is given of an entry's fill to one order, or to the orders of one group together."""

    __slots__ = ("most", "given", "filled", "legs")

    def __init__(self) -> None:
        self.most = self.given = self.filled = 0
        self.legs: dict[int, _Leg] = {}

    def leave(self, number: int) -> None:
        """What nobody works any more is free for others."""
        self.legs.pop(number, None)
        if not self.legs:
            self.most = self.given = min(self.given, self.filled)


class _Leg:
    """One order that hangs: what it was sent for, and what of that is gone."""

    __slots__ = ("order", "group", "entry", "unit", "sent", "filled")

    def __init__(self, order: WorkingOrder, group: _Group | None) -> None:
        self.order = order
        self.group = group
        self.entry: _Entry | None = None
        self.unit = _Unit() if group is None else group.unit
        self.sent = self.filled = 0

    @property
    def gone(self) -> int:
        """Its own fills, and those of its whole group where they make it smaller."""
        group = self.group
        return self.filled if group is None or group.rule is OcoRule.CANCEL else group.filled

    @property
    def live(self) -> int:
        return max(0, self.sent - self.gone)

    @property
    def may_grow(self) -> bool:
        entry = self.entry
        return entry is not None and entry.is_open and self.sent < self.order.request.qty

    @property
    def is_done(self) -> bool:
        return not self.live and not self.may_grow


class _Group:
    """Orders of which one cancels, or reduces, the others."""

    __slots__ = ("name", "rule", "after", "filled", "legs", "unit")

    def __init__(self, name: str, rule: OcoRule, after: str | None) -> None:
        self.name = name
        self.rule = rule
        self.after = after
        self.filled = 0
        self.legs: dict[int, _Leg] = {}
        self.unit = _Unit()

    def on_fill(
        self, leg: _Leg, qty: int
    ) -> tuple[tuple[tuple[WorkingOrder, int], ...], list[_Leg]]:
        """What works of the others now, and which of them end."""
        self.filled += qty
        others = [other for other in self.legs.values() if other is not leg]
        if self.rule is OcoRule.CANCEL:
            return (), others
        ends = [other for other in others if other.is_done]
        return tuple([(one.order, one.live) for one in others if not one.is_done]), ends


class _Entry:
    """An order behind which others are sent: what filled of it, and to whom it was given."""

    __slots__ = ("filled", "is_open", "units")

    def __init__(self, filled: int, is_open: bool) -> None:
        self.filled = filled
        self.is_open = is_open
        self.units: list[_Unit] = []

    @property
    def given(self) -> int:
        given: int = sum([unit.given for unit in self.units])
        return given

    def legs(self) -> list[_Leg]:
        return [leg for unit in self.units for leg in unit.legs.values()]

    def add(self, leg: _Leg) -> None:
        unit = leg.unit
        if unit not in self.units:
            self.units.append(unit)
        unit.legs[leg.order.number] = leg
        unit.most = max(unit.most, leg.order.request.qty)

    def give(self) -> tuple[tuple[WorkingOrder, int], ...]:
        """Give what nobody has yet to the oldest that can take it; who works how much now."""
        work = []
        spare = self.filled - self.given
        for unit in self.units:
            part = min(spare, unit.most - unit.given)
            spare -= part
            unit.given += part
            for leg in unit.legs.values():
                more = min(leg.order.request.qty, unit.given) - leg.sent
                if more > 0:
                    leg.sent += more
                    if leg.live:
                        work.append((leg.order, leg.live))
        return tuple(work)


def _remember(past: dict[str, Remembered], name: str, what: Remembered) -> None:
    """Keep a bounded past, the newest of it."""
    past[name] = what
    if len(past) > REMEMBERED:
        del past[next(iter(past))]
