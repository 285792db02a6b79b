"""Exact numbers as text, and the positions and orders that are kept in them."""

from __future__ import annotations

import pytest

from tests.unit import prop
from tools.live.core.errors import ContractError
from tools.live.core.order import CANCELED, OPEN, PENDING, REJECTED
from tools.live.journal import projection_exact
from tools.live.journal.projection_exact import Numbers, exact_e9, money_e18, money_text, told_money
from tools.live.journal.projection_order import OrderRow
from tools.live.journal.projection_position import Position
from tools.live.portfolio.ledger import Ledger


@pytest.mark.parametrize(("amount", "digits"), [
    (0, "0"), (1, "0.000000000000000001"), (10**18, "1"), (-(10**18), "-1"), (100 * 10**18, "100"),
    (-15 * 10**17, "-1.5"), (12_345 * 10**14, "1.2345"), (10**40, "10000000000000000000000"),
])  # fmt: skip
def test_money_has_one_spelling(amount: int, digits: str) -> None:
    assert money_text(amount) == digits
    assert money_e18(digits) == amount


@pytest.mark.parametrize("seed", range(5))
def test_money_comes_back(seed: int) -> None:
    rng = prop.chance(seed)
    for _ in range(200):
        amount = rng.choice((1, -1)) * rng.randint(0, 10 ** rng.randint(0, 50))
        assert money_e18(money_text(amount)) == amount


@pytest.mark.parametrize("digits", [
    "", "-", "1.", ".5", "1e3", "+1", " 1", "1" * 61, "0." + "1" * 19, "nan", "\u0661",
])  # fmt: skip
def test_what_is_no_plain_decimal_is_no_money(digits: str) -> None:
    with pytest.raises(ContractError, match="is not a decimal of at most 18 places"):
        money_e18(digits)


@pytest.mark.parametrize(
    ("digits", "right"), [("1.0", "1"), ("01", "1"), ("-0", "0"), ("0.50", "0.5")]
)
def test_an_amount_of_a_record_has_one_spelling(digits: str, right: str) -> None:
    assert told_money(right) == money_e18(right)
    with pytest.raises(ContractError, match=f"amount '{digits}' must be spelled '{right}'"):
        told_money(digits)
    with pytest.raises(ContractError, match="is not a decimal of at most 18 places"):
        told_money("many")


def test_sums_of_quantities_may_be_larger_than_any_quantity() -> None:
    assert exact_e9("12345678901234567890.5") == 12345678901234567890_500_000_000
    assert exact_e9("-0.000000001") == -1
    with pytest.raises(ContractError, match="more than 9 decimals"):
        exact_e9("0.0000000001")


def test_a_number_must_be_spelled_the_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection_exact, "_MOST_KEPT", 2)
    numbers = Numbers()
    assert [numbers[digits] for digits in ("1", "0.5", "-2", "1")] == [10**9, 5 * 10**8, -2 * 10**9,
                                                                       10**9]  # fmt: skip
    assert len(numbers) <= 2
    for digits, right in (("1.0", "1"), ("01", "1"), ("-0", "0"), ("1e3", "1000"), ("+1", "1")):
        with pytest.raises(ContractError, match=f"number '.*' must be spelled '{right}'"):
            numbers[digits]
    with pytest.raises(ContractError, match="is not a number"):
        numbers["many"]


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("seed", range(30))
def test_a_position_adds_up_as_the_ledger_does(seed: int) -> None:
    rng = prop.chance(seed)
    ledger, position = Ledger(fee_maker_bps=10**9, fee_taker_bps=7 * 10**9), Position("BTCUSDT")
    stored: dict[int, tuple[str, str]] = {}
    for seq, one in enumerate(prop.fills(rng, 60, ("BTCUSDT",)), 1):
        fee = ledger.apply_fill(one.symbol, one.side, one.qty, one.price, one.taker)
        charged = "taker" if one.taker else "maker"
        position.book(seq, one.side.value, one.qty, one.price, charged, fee)
        for opened, _, qty, price in position.changed_lots():
            stored.pop(opened, None)
            if qty is not None:
                stored[opened] = (qty, price)
        assert list(position.changed_lots()) == []
        holding = ledger.holding("BTCUSDT")
        assert position.qty == holding.qty == sum(qty for qty, _ in position.lots.values())
        assert (position.cost, position.realised) == (holding.cost_e18, holding.realised_e18)
        assert position.cash == holding.cash_e18 == position.realised - position.cost - sum(
            position.fees.values()
        ) + position.funding
        ledger.fund("BTCUSDT", seq - 30)
        position.fund(seq - 30)
        assert position.cash == holding.cash_e18
        lots = [(seq, *stored[seq]) for seq in sorted(stored)]
        read = Position.of_row(position.row(), lots)
        assert read.row() == position.row()
        assert read.lots == position.lots
        assert [list(lot) for lot in read.lots.values()] == [list(lot) for lot in holding.lots]


def test_an_order_comes_back_from_its_row() -> None:
    order = OrderRow(
        placed_seq=4, placed_ns=40, corr=2, cause=2, client_order_id="CLI00000001",
        symbol="BTCUSDT", side="Sell", qty=5 * 10**9, price=1,
    )  # fmt: skip
    assert order.standing is PENDING
    assert not order.has_ended
    assert order.may_become(REJECTED)
    assert OrderRow.of_row(order.row()).row() == order.row() == (
        4, 40, 2, 2, "CLI00000001", None, "BTCUSDT", "Sell", "5", "0.000000001", "pending", "0",
        "0", "0", None, None, 4, 40, None, "0",
    )  # fmt: skip
    order.order_id, order.accepted_ns, order.standing = "X1", 41, CANCELED
    order.filled, order.late, order.cost, order.end_number = 10**9, 2 * 10**9, 3 * 10**9, 7
    order.message = "m"
    order.touch(9, 90)
    assert order.has_ended
    assert not order.may_become(OPEN)
    assert OrderRow.of_row(order.row()).row() == order.row() == (
        4, 40, 2, 2, "CLI00000001", "X1", "BTCUSDT", "Sell", "5", "0.000000001", "canceled", "1",
        "2", "0.000000003", "m", 41, 9, 90, 7, "0",
    )  # fmt: skip
