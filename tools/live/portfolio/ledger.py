"""The ledger: the one owner of positions, cash, fees and profit.

A position is a queue of FIFO lots. Realised profit is a sum of exact products, so it needs no
division; an average price is derived only when somebody prints it. Money is in the quote currency
at 10^18 and starts at zero, so after any fills
`cash = realised profit - cost of what is held - fees + funding`, and plus what adopted quantity
was worth.
"""

from __future__ import annotations

from collections import deque

from ..core.contracts_v1 import BUY, Side
from ..core.money import SCALE, fee_e18


class Holding:
    """What one symbol's fills amount to; `qty` is signed, long above zero."""

    __slots__ = (
        "symbol", "qty", "lots", "cost_e18", "realised_e18", "cash_e18",
        "fees_maker_e18", "fees_taker_e18", "bought", "sold", "bought_e18", "sold_e18",
        "maker_fills", "taker_fills", "adoptions", "adopted", "adopted_e18",
        "fundings", "funding_e18",
    )  # fmt: skip

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.lots: deque[list[int]] = deque()  # [signed quantity, price], oldest first
        self.qty = self.cost_e18 = self.realised_e18 = self.cash_e18 = 0
        self.fees_maker_e18 = self.fees_taker_e18 = 0
        self.bought = self.sold = self.bought_e18 = self.sold_e18 = 0
        self.maker_fills = self.taker_fills = 0
        self.fundings = self.funding_e18 = 0  # how many payments, and what they brought in all
        self.adoptions = 0
        self.adopted = self.adopted_e18 = 0  # what came without a trade, and what it was worth then

    @property
    def fees_e18(self) -> int:
        return self.fees_maker_e18 + self.fees_taker_e18

    @property
    def traded(self) -> bool:
        """Whether anything ever moved it; a symbol that was only quoted has nothing to show."""
        return bool(self.bought or self.sold or self.adoptions or self.fundings)

    @property
    def avg_entry_price(self) -> float:
        """Average price of the lots still held, 0.0 when flat."""
        return self.cost_e18 / (self.qty * SCALE) if self.qty else 0.0

    def unrealised_e18(self, mark: int) -> int:
        """What closing everything at `mark` would add to the realised profit."""
        return self.qty * mark - self.cost_e18

    def net_e18(self, mark: int) -> int:
        """All profit at `mark`, less fees and with funding."""
        return self.realised_e18 + self.unrealised_e18(mark) - self.fees_e18 + self.funding_e18


class Ledger:
    """All holdings, and the fee schedule that their fills are charged by."""

    def __init__(self, *, fee_maker_bps: int = 0, fee_taker_bps: int = 0) -> None:
        self.fee_maker_bps = fee_maker_bps
        self.fee_taker_bps = fee_taker_bps
        self.holdings: dict[str, Holding] = {}

    def reset(self) -> None:
        """Flat, no cash, no history; the fee schedule stays."""
        self.holdings = {}

    def holding(self, symbol: str) -> Holding:
        """The holding of a symbol, opened flat when it is new."""
        found = self.holdings.get(symbol)
        if found is None:
            found = self.holdings[symbol] = Holding(symbol)
        return found

    def qty(self, symbol: str) -> int:
        """The signed position, 0 for a symbol never traded."""
        found = self.holdings.get(symbol)
        return found.qty if found is not None else 0

    def apply_fill(
        self, symbol: str, side: Side, qty: int, price: int, taker: bool,
        told_e18: int | None = None,
    ) -> int:  # fmt: skip
        """Book one execution and return its fee at 10^18: the one that was told, or by schedule."""
        try:
            holding = self.holdings[symbol]
        except KeyError:
            holding = self.holdings[symbol] = Holding(symbol)
        notional = qty * price
        if told_e18 is None:
            rate = self.fee_taker_bps if taker else self.fee_maker_bps
            fee = fee_e18(notional, rate) if rate else 0
        else:
            fee = told_e18
        if taker:
            holding.fees_taker_e18 += fee
            holding.taker_fills += 1
        else:
            holding.fees_maker_e18 += fee
            holding.maker_fills += 1
        if side is BUY:
            signed = qty
            holding.bought += qty
            holding.bought_e18 += notional
            holding.cash_e18 -= notional + fee
        else:
            signed = -qty
            holding.sold += qty
            holding.sold_e18 += notional
            holding.cash_e18 += notional - fee
        held = holding.qty
        if held and (held > 0) is not (signed > 0):
            signed = _close_lots(holding, signed, price)
        if signed:
            holding.lots.append([signed, price])
            holding.cost_e18 += signed * price
        holding.qty = held + (qty if side is BUY else -qty)
        return fee

    def fund(self, symbol: str, amount_e18: int) -> None:
        """Book what came in for holding a symbol; below zero it went out."""
        holding = self.holding(symbol)
        holding.fundings += 1
        holding.funding_e18 += amount_e18
        holding.cash_e18 += amount_e18

    def adopt(self, symbol: str, qty: int, price: int) -> None:
        """Hold this much from now on; what that takes comes or goes at `price`, without cash.

        At the mark it earns nothing: what it realises was not realised before.
        """
        holding = self.holding(symbol)
        held = holding.qty
        signed = moved = qty - held
        holding.adoptions += 1
        holding.adopted += moved
        holding.adopted_e18 += moved * price
        if held and (held > 0) is not (moved > 0):
            signed = _close_lots(holding, moved, price)
        if signed:
            holding.lots.append([signed, price])
            holding.cost_e18 += signed * price
        holding.qty = qty


def _close_lots(holding: Holding, signed: int, price: int) -> int:
    """Match against the oldest lots first; return what is left to open the other way."""
    lots = holding.lots
    realised = released = 0
    while signed and lots:
        lot = lots[0]
        lot_qty, lot_price = lot
        left = lot_qty + signed
        if left and (left > 0) is (lot_qty > 0):  # the lot is larger than the fill
            realised -= signed * (price - lot_price)
            released -= signed * lot_price
            lot[0] = left
            signed = 0
        else:
            realised += lot_qty * (price - lot_price)
            released += lot_qty * lot_price
            lots.popleft()
            signed = left
    holding.realised_e18 += realised
    holding.cost_e18 -= released
    return signed
