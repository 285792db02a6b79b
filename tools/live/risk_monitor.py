"""The gate: nothing reaches an exchange but what was approved here.

It owns the ledger, counts open and in-flight orders at their worst case, and freezes when the
edge degrades. Limits are checked in the order of `RefusalReason`; equal to a limit passes. An
order that can only reduce a position passes while a limit is breached; a freeze stops everything.
It knows no exchange and no clock.
"""

from __future__ import annotations

from collections.abc import Callable

from .core.contracts_v1 import (
    BUY, SELL, Approved, IntentRefused, Reapproved, RefusalReason, Side, parse_side,
)  # fmt: skip
from .core.errors import ContractError
from .core.money import (
    SCALE, Number, finite_e9, not_negative_e9, positive_e9, positive_or_zero_e9, to_e9, view,
)  # fmt: skip
from .portfolio.ledger import Ledger
from .risk.exposure import Exposure, held_at, nearest_rank, worst_elsewhere
from .risk.freeze import Freeze

_new_approved = Approved.__new__  # the only place where an approval can come from

_RATIO_STEPS = 10**5  # risk ratios are sampled in steps of a thousandth of a percent


class RuntimeRiskMonitor(Freeze):
    """Limits, the ledger behind them, and the freeze."""

    def __init__(
        self, *, max_inventory_usd_per_symbol: Number, max_total_notional_usd: Number,
        edge_freeze_threshold_bps: Number, get_mark_price: Callable[[str], float] | None = None,
        ledger: Ledger | None = None,
    ) -> None:  # fmt: skip
        symbol = not_negative_e9(max_inventory_usd_per_symbol, "max_inventory_usd_per_symbol")
        total = not_negative_e9(max_total_notional_usd, "max_total_notional_usd")
        threshold = to_e9(edge_freeze_threshold_bps, "edge_freeze_threshold_bps")
        super().__init__(threshold)
        self.set_limits(max_symbol_e9=symbol, max_total_e9=total, threshold_bps_e9=threshold)
        self._caller_mark = get_mark_price
        self.ledger = Ledger() if ledger is None else ledger
        self.blocks_total = 0
        self.refusals: dict[RefusalReason, int] = {}
        self._clear()

    def _clear(self) -> None:
        self._thaw()
        self.exposures: dict[str, Exposure] = {}
        self.outside_fills: dict[tuple[str, Side], list[int]] = {}  # quantity, cost
        self._loose: list[Exposure] = []
        self._worst_total_e18 = 0  # never too low; exact when nothing is loose
        self._held_total_e18 = 0
        self._ratio_counts: dict[int, int] = {}

    def reset(self) -> None:
        """Not frozen, flat, nothing open; the counters of blocks and freezes go on."""
        self.ledger.reset()
        self._clear()

    def set_limits(self, *, max_symbol_e9: int, max_total_e9: int, threshold_bps_e9: int) -> None:
        """Bind every later review and edge to these, exact at 10^9; what is open stays open."""
        if max_symbol_e9 < 0 or max_total_e9 < 0:
            raise ContractError(f"limits {max_symbol_e9} and {max_total_e9} must be 0 or more")
        self.max_symbol_e9 = max_symbol_e9
        self.max_total_e9 = max_total_e9
        self.threshold_bps_e9 = threshold_bps_e9
        self._max_symbol_e18 = max_symbol_e9 * SCALE
        self._max_total_e18 = max_total_e9 * SCALE

    # The gate.

    def review(
        self, client_order_id: str, symbol: str, side: Side, qty: int, price: int, ts_ns: int
    ) -> Approved | IntentRefused:
        """Approve an intent and reserve its exposure, or say why not: the first reason wins."""
        if self.frozen or qty <= 0 or price <= 0 or (side is not BUY and side is not SELL):
            reason = self._unfit(side, qty)
            return self._refuse(symbol, side, qty, price, reason, ts_ns)
        try:
            exposure = self.exposures[symbol]
        except KeyError:
            exposure = self._new_exposure(symbol)
        mark = exposure.mark
        plain = exposure.plain
        if not plain:
            mark = self._special_mark(exposure, price)
            unfit = exposure.unfit(mark)
            if unfit is not None:
                return self._refuse(symbol, side, qty, price, unfit, ts_ns)
        held = exposure.holding.qty
        if side is BUY:
            reserved = exposure.buys + qty
            after = held + reserved
            other = exposure.sells - held
        else:
            reserved = exposure.sells + qty
            after = reserved - held
            other = held + exposure.buys
        worst = (after if after > other else other) * mark
        total = self._worst_total_e18 + worst - exposure.worst_e18
        if total > self._max_total_e18 or after * price > self._max_symbol_e18 or not plain:
            over = self._over_limit(exposure, side, after, price, worst)
            over = over or exposure.too_small(qty, price)
            if over is not None:
                return self._refuse(symbol, side, qty, price, over, ts_ns)
            total = self._worst_total_e18 + worst - exposure.worst_e18
        if side is BUY:
            exposure.buys = reserved
        else:
            exposure.sells = reserved
        self._worst_total_e18 = total
        exposure.worst_e18 = worst
        if not plain:
            exposure.mark = exposure.mark or price  # never quoted: the first price seen
        approved = _new_approved(Approved)
        approved.client_order_id = client_order_id
        approved.symbol = symbol
        approved.side = side
        approved.qty_e9 = qty
        approved.price_e9 = price
        approved.ts_ns = ts_ns
        return approved

    def review_again(
        self, client_order_id: str, symbol: str, side: Side, qty: int, price: int, ts_ns: int
    ) -> Reapproved | IntentRefused:
        """The same for an order in doubt; its exposure is set aside and stays so either way."""
        exposure = self.exposures[symbol]
        self.release(symbol, side, qty)
        exposure.doubts -= 1
        exposure.plain = False  # so that the limits are judged exactly
        verdict = self.review(client_order_id, symbol, side, qty, price, ts_ns)
        exposure.doubts += 1
        if isinstance(verdict, IntentRefused):
            self._reserve(exposure, side, qty)
            return verdict
        again = Reapproved.__new__(Reapproved)
        for name in Approved.__match_args__:
            setattr(again, name, getattr(verdict, name))
        return again

    def _reserve(self, exposure: Exposure, side: Side, qty: int) -> None:
        if side is BUY:
            exposure.buys += qty
        else:
            exposure.sells += qty
        self._revalue(exposure)

    def adopt_order(self, symbol: str, side: Side, leaves: int, price: int) -> None:
        """An order that nobody reviewed is open at the exchange: it counts like any other."""
        exposure = self.exposure_of(symbol)
        exposure.mark = exposure.mark or price
        self._reserve(exposure, side, leaves)

    def adopt_position(self, symbol: str, qty: int) -> None:
        """Hold this from now on, at the mark of a symbol that was quoted."""
        exposure = self.exposures[symbol]
        self.ledger.adopt(symbol, qty, exposure.mark)
        self._revalue(exposure)

    def doubt(self, symbol: str) -> None:
        """An order of this symbol may be at the exchange or not: only reducing ones pass."""
        exposure = self.exposures[symbol]
        exposure.doubts += 1
        exposure.plain = False

    def settle(self, symbol: str) -> None:
        """What became of an order in doubt is known; the next quote finds the symbol plain."""
        self.exposures[symbol].doubts -= 1

    def check_before_order(
        self, symbol: str, side: str, qty: Number, price: Number | None = None
    ) -> bool:
        """Whether an order of this size would pass now; a refusal is counted, nothing reserved."""
        return self.why_refused(symbol, side, qty, price) is None

    def why_refused(
        self, symbol: str, side: str, qty: Number, price: Number | None = None
    ) -> RefusalReason | None:
        """The same check, answering with the reason; without a price the mark stands for it."""
        known = self.exposures.get(symbol)
        seen = known.mark if known is not None else 0
        size = positive_or_zero_e9(qty)
        limit = self.mark_e9(symbol) if price is None else positive_or_zero_e9(price)
        if price is None and limit <= 0:
            limit = 1  # there is no mark: any price will do to be told so
        parsed = parse_side(side) or side
        verdict = self.review("", symbol, parsed, size, limit, 0)  # type: ignore[arg-type]
        if isinstance(verdict, IntentRefused):
            return verdict.reason
        self.release(symbol, verdict.side, size)
        self.exposures[symbol].mark = seen  # a question is no price
        return None

    def release(self, symbol: str, side: Side, qty: int) -> None:
        """Give back the reserved exposure of an order, or a part of one, that will not trade."""
        exposure = self.exposures[symbol]
        if side is BUY:
            exposure.buys -= qty
        else:
            exposure.sells -= qty
        if not exposure.loose:
            exposure.loose = True
            self._loose.append(exposure)

    def _over_limit(
        self, exposure: Exposure, side: Side, after: int, price: int, worst: int
    ) -> RefusalReason | None:
        """The limit that an order breaks, judged exactly; an order that only reduces breaks none.

        `after` is the quantity of the symbol if all open orders of this side fill with it, `worst`
        the notional of the worst that can happen.
        """
        held = exposure.holding.qty
        if after <= 0 and (held < 0 if side is BUY else held > 0):
            return None
        if exposure.doubts:
            return RefusalReason.IN_DOUBT
        if after * price > self._max_symbol_e18:
            return RefusalReason.SYMBOL_LIMIT
        for loose in self._loose:
            loose.loose = False
            self._revalue(loose)
        self._loose.clear()
        total = self._worst_total_e18 + worst - exposure.worst_e18
        if self._caller_mark is not None:
            symbol = exposure.holding.symbol
            total = worst_elsewhere(self.exposures, symbol, self._ask_mark) + worst
        return RefusalReason.TOTAL_LIMIT if total > self._max_total_e18 else None

    def _unfit(self, side: Side, qty: int) -> RefusalReason:
        """Which of the reasons that need no market applies first; one of them does."""
        if self.frozen:
            return RefusalReason.FROZEN
        if side is not BUY and side is not SELL:
            return RefusalReason.UNKNOWN_SIDE
        return RefusalReason.BAD_QUANTITY if qty <= 0 else RefusalReason.BAD_PRICE

    def _refuse(
        self, symbol: str, side: Side, qty: int, price: int, reason: RefusalReason, ts_ns: int
    ) -> IntentRefused:
        self.blocks_total += 1
        self.refusals[reason] = self.refusals.get(reason, 0) + 1
        return IntentRefused(symbol, side, qty, price, reason, ts_ns)

    # What the world does to the exposure.

    def on_quote(self, symbol: str, bid: int, ask: int) -> None:
        """A new best bid and ask: the mark is their middle."""
        try:
            exposure = self.exposures[symbol]
        except KeyError:
            exposure = self._new_exposure(symbol)
        exposure.bid = bid
        exposure.ask = ask
        exposure.mark = mark = (bid + ask) >> 1
        odd = exposure.doubts or exposure.stale or exposure.rules or self._caller_mark is not None
        exposure.plain = not odd and bid <= ask
        # What `_revalue` does, without the call: this happens at every quote.
        held = exposure.holding.qty
        long_worst = held + exposure.buys
        short_worst = exposure.sells - held
        worst = (long_worst if long_worst > short_worst else short_worst) * mark
        self._worst_total_e18 += worst - exposure.worst_e18
        exposure.worst_e18 = worst
        value = (held if held >= 0 else -held) * mark
        self._held_total_e18 += value - exposure.held_e18
        exposure.held_e18 = value

    def on_fill(self, symbol: str, side: str, qty: Number, price: Number) -> None:
        """A fill that came without an order of ours: it moves the position."""
        parsed = parse_side(side)
        if parsed is None:
            raise ContractError(f"side {side!r} is neither Buy nor Sell")
        seen = positive_e9(price, "price")
        size = positive_e9(qty, "qty")
        exposure = self.exposure_of(symbol)
        exposure.mark = seen
        self.apply_fill(symbol, parsed, size, seen)
        outside = self.outside_fills.setdefault((symbol, parsed), [0, 0])
        outside[0] += size
        outside[1] += size * seen

    def apply_fill(
        self, symbol: str, side: Side, qty: int, price: int, taker: bool = False,
        reserved: bool = False, told_e18: int | None = None,
    ) -> int:  # fmt: skip
        """Book a fill, return its fee, told or not; `reserved`: `review` had set it aside."""
        try:
            exposure = self.exposures[symbol]
        except KeyError:
            exposure = self._new_exposure(symbol)
        fee = self.ledger.apply_fill(symbol, side, qty, price, taker, told_e18)
        mark = exposure.mark
        if reserved and mark:  # what was set aside is held now, so the worst case is no worse
            if side is BUY:
                exposure.buys -= qty
            else:
                exposure.sells -= qty
            if not exposure.loose:
                exposure.loose = True
                self._loose.append(exposure)
            held = exposure.holding.qty
            value = (held if held >= 0 else -held) * mark
            self._held_total_e18 += value - exposure.held_e18
            exposure.held_e18 = value
        else:
            if reserved:
                self.release(symbol, side, qty)
            exposure.mark = mark or price
            self._revalue(exposure)
        total = self._held_total_e18
        if self._caller_mark is not None:
            total = held_at(self.exposures, self._ask_mark)
        limit = self._max_total_e18
        if total <= limit and limit:  # ratios above 1 are dropped, so the steps stay bounded
            step = total * _RATIO_STEPS // limit
            try:
                self._ratio_counts[step] += 1
            except KeyError:
                self._ratio_counts[step] = 1
        return fee

    def exposure_of(self, symbol: str) -> Exposure:
        """What a symbol can become, whether it was ever heard of or not."""
        return self.exposures.get(symbol) or self._new_exposure(symbol)

    def _new_exposure(self, symbol: str) -> Exposure:
        exposure = self.exposures[symbol] = Exposure(self.ledger.holding(symbol))
        return exposure

    def _revalue(self, exposure: Exposure) -> None:
        """Keep the totals true after a new mark or position: the worst case, and what is held."""
        mark = exposure.mark
        held = exposure.holding.qty
        long_worst = held + exposure.buys
        short_worst = exposure.sells - held
        worst = (long_worst if long_worst > short_worst else short_worst) * mark
        self._worst_total_e18 += worst - exposure.worst_e18
        exposure.worst_e18 = worst
        value = (held if held >= 0 else -held) * mark
        self._held_total_e18 += value - exposure.held_e18
        exposure.held_e18 = value

    # Marks.

    @property
    def get_mark_price(self) -> Callable[[str], float]:
        """The source of marks: the caller's, else the last price seen, 1.0 when there is none."""
        return self._caller_mark or self._last_price

    @get_mark_price.setter
    def get_mark_price(self, source: Callable[[str], float] | None) -> None:
        self._caller_mark = source
        for exposure in self.exposures.values():
            exposure.plain = False  # the next quote will tell
            self._revalue(exposure)

    def _last_price(self, symbol: str) -> float:
        exposure = self.exposures.get(symbol)
        return view(exposure.mark) if exposure is not None and exposure.mark else 1.0

    def mark_e9(self, symbol: str) -> int:
        """The mark in the house's numbers; 0 when the caller's source gives none."""
        if self._caller_mark is not None:
            return self._ask_mark(symbol)
        exposure = self.exposures.get(symbol)
        return exposure.mark if exposure is not None and exposure.mark else SCALE

    def _ask_mark(self, symbol: str) -> int:
        assert self._caller_mark is not None
        return max(finite_e9(self._caller_mark(symbol)) or 0, 0)

    def _special_mark(self, exposure: Exposure, price: int) -> int:
        """The caller's mark, else the last price seen, else the order's own; 0 when one is bad."""
        if self._caller_mark is None:
            return exposure.mark or price
        symbol = exposure.holding.symbol
        elsewhere = worst_elsewhere(self.exposures, symbol, self._ask_mark)
        return 0 if elsewhere < 0 else self._ask_mark(symbol)

    # What people ask.

    def get_positions(self) -> dict[str, float]:
        """Signed quantities of every symbol that ever traded; a flat one stays as 0.0."""
        holdings = self.ledger.holdings
        traded = [name for name in sorted(holdings) if holdings[name].traded]
        return {name: view(holdings[name].qty) for name in traded}

    def worst_case_e18(self, symbol: str) -> int:
        """Notional of a symbol at its mark if the worst of its open orders fill."""
        exposure = self.exposures.get(symbol)
        return 0 if exposure is None else exposure.worst_qty() * self.mark_e9(symbol)

    def risk_ratio_p95(self) -> float:
        """Nearest-rank 95th percentile of total notional over its limit, sampled at each fill."""
        return nearest_rank(self._ratio_counts, 95) / _RATIO_STEPS
