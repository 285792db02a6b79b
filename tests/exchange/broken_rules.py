"""Broken on purpose: adapters that tell other rules than those of their venue."""

from __future__ import annotations

from tests.exchange.paper_venue import RULES, PaperVenue
from tools.live.core.order_rules import OrderRules
from tools.live.sim.orders import OrderRequest


class ChangesItsRules(PaperVenue):
    """Tells another tick once it has an order."""

    def rules_of(self, symbol: str) -> OrderRules | None:
        return OrderRules(tick=RULES.tick // 10) if self.rows else super().rules_of(symbol)


class TellsRulesInFloats(PaperVenue):
    """Hands the numbers of the venue on as it read them."""

    def rules_of(self, symbol: str) -> OrderRules | None:
        return OrderRules(tick=0.01)  # type: ignore[arg-type]


class TellsAFinerTick(PaperVenue):
    """Its venue takes no price between two whole cents of two."""

    def refusal(self, order: OrderRequest) -> str | None:
        off = order.price is not None and order.price % (2 * RULES.tick)
        return "off the tick" if off else super().refusal(order)


class DoesNotMindItsTick(PaperVenue):
    """Tells a tick that holds nowhere."""

    def off_rules(self, order: OrderRequest) -> bool:
        return False
