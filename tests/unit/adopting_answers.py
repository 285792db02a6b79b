"""Random inputs of a run under the policy `adopt`: what the exchange says, and what is taken over.

Possible and impossible adoptions come in any order between fills, cancels and freezes.
"""

from __future__ import annotations

from typing import Any

from tests.unit.builders import BTC, ETH, T0_NS
from tests.unit.projection_builders import AnyAnswers
from tools.live.audit.laws import Violation, check
from tools.live.core.contracts_v1 import (
    BUY, SELL, Fill, FillAdopted, Input, OrderAdopted, PositionAdopted,
)  # fmt: skip
from tools.live.core.money import SCALE
from tools.live.core.order import TERMINAL, OrderState
from tools.live.fold import Fold

UNIT = SCALE // 4
ADOPTED = (OrderAdopted, FillAdopted, PositionAdopted)
# That nothing rests while frozen is left out: these answers cancel when they like.
LAWS = ("cash", "lots", "fills_are_positions", "orders_balance", "order_quantities", "reservations")


class AdoptingAnswers(AnyAnswers):
    """`AnyAnswers` with adoptions."""

    def __init__(self, seed: int, retain: int | None = None) -> None:
        super().__init__(seed, retain)
        self.kinds += [
            self.adopt_order, self.adopt_order, self.adopt_ours, self.adopt_fill, self.adopt_fill,
            self.adopt_position, self.adopt_again, self.fill_of_adopted,
        ]  # fmt: skip

    def adopt_order(self) -> Input:
        rng = self.rng
        order_id = f"V{rng.randint(1, 9)}"
        number = rng.randint(1, 40)
        name = rng.choice((f"by-hand-{order_id}", f"VEN-{order_id}", f"CLI{number:08d}", ""))
        told = self.fold.adoptions.told(order_id, self.fold.store)
        filled = rng.choice((told, told, 0, UNIT))
        return self._order(name, order_id, rng.choice((BTC, ETH)), filled)

    def adopt_ours(self) -> Input | None:
        """One that our books have, with whatever may differ."""
        orders = self.fold.store.get_all()
        if not orders:
            return None
        order = self.rng.choice(orders)
        order_id = order.order_id or f"X{900 + self.rng.randint(1, 9)}"
        filled = self.rng.choice((order.filled_e9, order.filled_e9, 0, order.filled_e9 + UNIT))
        symbol = self.rng.choice((order.symbol, order.symbol, ETH))
        return self._order(order.client_order_id, order_id, symbol, filled, order.side_of)

    def _order(self, name: str, order_id: str, symbol: str, filled: int, side: Any = None) -> Input:
        rng = self.rng
        qty = rng.choice((filled, filled + UNIT, filled + 4 * UNIT)) or UNIT
        state = OrderState.PARTIALLY_FILLED if filled else OrderState.OPEN
        if filled == qty:
            state = OrderState.FILLED
        elif rng.random() < 0.2:
            state = rng.choice((OrderState.CANCELED, OrderState.REJECTED))
        return OrderAdopted(
            name, order_id, symbol, side or rng.choice((BUY, SELL)), qty,
            rng.randint(80, 120) * SCALE, filled, state.value, T0_NS,
        )  # fmt: skip

    def adopt_fill(self) -> Input:
        rng = self.rng
        fill_id = rng.choice((f"E{rng.randint(1, 12)}", f"recon-{rng.randint(1, 3)}",
                              f"F{rng.randint(1, 9)}", ""))  # fmt: skip
        order_id = rng.choice((f"V{rng.randint(1, 9)}", self.an_order_id()))
        return FillAdopted(
            fill_id, order_id, rng.choice((BTC, ETH)), rng.choice((BUY, SELL)),
            rng.choice((UNIT, UNIT, 0)), 100 * SCALE, "maker", T0_NS,
        )  # fmt: skip

    def adopt_position(self) -> Input:
        symbol = self.rng.choice((BTC, ETH, ETH, "SOLUSDT"))
        return PositionAdopted(symbol, self.rng.randint(-8, 8) * UNIT, T0_NS)

    def adopt_again(self) -> Any:
        said = [one.event for one in self.entries if isinstance(one.event, ADOPTED)]
        return self.rng.choice(said) if said else None

    def fill_of_adopted(self) -> Input | None:
        """The stream tells an adopted execution again, or something else under its name."""
        known = self.fold.adoptions.fills
        if not known:
            return None
        fill_id = self.rng.choice(list(known))
        order_id, symbol, side, qty, price = known[fill_id]
        qty += self.rng.choice((0, 0, 1))
        return Fill(fill_id, order_id, symbol, side, qty, price, "maker", T0_NS)

    def _take(self, event: Any) -> None:
        if isinstance(event, ADOPTED):
            self.contradictions += self.fold.why_not(event) is not None
        super()._take(event)


def violations(fold: Fold) -> list[Violation]:
    """The laws of the books that do not hold, for an exchange that has moved as we have."""
    held = {symbol: one.qty for symbol, one in fold.monitor.ledger.holdings.items()}
    return check(
        store=fold.store, monitor=fold.monitor, stats=fold.stats, unresolved=fold.unresolved,
        refused_fills=fold.refused_fills, duplicate_fills=fold.duplicate_fills,
        exchange_moved=held, held_before={}, entries=None, adoptions=fold.adoptions,
    )  # fmt: skip


def broken(fold: Fold) -> list[Violation]:
    """Those of them that these answers must not break."""
    return [one for one in violations(fold) if one.law in LAWS]


def is_live(fold: Fold, name: str) -> bool:
    return fold.store.orders[name].state not in TERMINAL
