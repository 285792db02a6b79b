"""The verbs of the fold for how it may quote: our sizes and widths, and the exchange's rules.

`Fold` inherits them. The strategy keeps to ticks and lots by itself; what comes out too small is
refused by the gate, so that it is counted and has a reason.
"""

from __future__ import annotations

from collections.abc import Sequence

from .core.contracts_v1 import Output
from .core.order_rules import OrderRules, checked_rules
from .fold_money import MoneyVerbs

_NOTHING: tuple[Output, ...] = ()


class RuleVerbs(MoneyVerbs):
    """What decides how quotes are answered."""

    def set_params(self, base_qty: int, spread_bps: int, ts_ns: int) -> Sequence[Output]:
        """`ParamsSet`"""
        self.params = (base_qty, spread_bps)
        if self.ready:
            self.begin_to_quote()
        return _NOTHING

    def set_rules(
        self, symbol: str, tick: int, lot: int, min_qty: int, min_notional_e18: int, ts_ns: int
    ) -> Sequence[Output]:
        """`RulesSet`: the next quote is answered by them; what rests stays as it is."""
        rules = checked_rules(OrderRules(tick, lot, min_qty, min_notional_e18), symbol)
        self.monitor.exposure_of(symbol).keep_to(rules if rules.any else None)
        if rules.any:
            self.rules[symbol] = rules
        else:
            self.rules.pop(symbol, None)
        return _NOTHING
