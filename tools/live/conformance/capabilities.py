"""What an adapter says it can do: the matrix that decides which cases apply to it."""

from __future__ import annotations

from typing import Any

from ..core.errors import ContractError
from ..core.record import fields_of, record

KINDS = ("limit", "market", "stop", "stop_limit", "trailing_stop", "market_if_touched")
TIMES = ("GTC", "IOC", "FOK", "DAY", "GTD")
SELF_TRADE = ("unknown", "allow", "cancel_newest", "cancel_oldest", "cancel_both")
MOST_OF_AN_ID = 1000

# The methods without which a declared capability is an empty word.
METHODS = {
    "cancel": ("cancel",),
    "answers_later": ("stream_answers", "next_answer_ns"),
    "query": ("get_order",),
    "cancel_by_client_id": ("cancel_client_order",),
    "fills_listing": ("get_fills",),
    "balances": ("get_balances",),
    "amend": ("amend",),
    "post_only": ("submit",),
    "reduce_only": ("submit",),
    "resets": ("reset",),
    "lists_rules": ("rules_of",),
}


@record
class Capabilities:
    """The matrix. What is left out is not claimed; a client of `IExchangeClient` needs nothing.

    `client_id_length` is the longest client order id that is taken, None when that is not stated.
    `repeats_fills` says that a report may come twice (then the two must be equal), and
    `deterministic` that the same calls on a new adapter get the same answers, times included.
    """

    cancel: bool = True
    answers_later: bool = False
    query: bool = False
    cancel_by_client_id: bool = False
    fills_listing: bool = False
    balances: bool = False
    order_types: tuple[str, ...] = ("limit",)
    time_in_force: tuple[str, ...] = ("GTC",)
    amend: bool = False
    post_only: bool = False
    reduce_only: bool = False
    self_trade: str = "unknown"
    dedupes_client_ids: bool = False
    client_id_length: int | None = None
    sequential_ids: bool = False
    fill_ids: bool = True
    cumulative_qty: bool = False
    liquidity: bool = False
    repeats_fills: bool = False
    average_price: bool = True
    resets: bool = False
    deterministic: bool = False
    lists_rules: bool = False

    @property
    def prevents_self_trade(self) -> bool:
        """Whether two orders of ours that would meet are kept from it."""
        return self.self_trade.startswith("cancel_")


_WORDS = {"order_types": KINDS, "time_in_force": TIMES}


def has(declared: Capabilities, need: str) -> bool:
    """Whether a need of a case is declared.

    A need is the name of a capability, `not NAME`, or `NAME:WORD` for one of its words.
    """
    if need.startswith("not "):
        return not has(declared, need[4:])
    name, colon, word = need.partition(":")
    value = getattr(declared, name)
    if colon:
        return word in value if isinstance(value, tuple) else bool(word == value)
    return value is not None and value is not False


def check(declared: object) -> Capabilities:
    """The matrix itself, or a ContractError that names what is wrong in it."""
    if not isinstance(declared, Capabilities):
        raise ContractError(
            f"capabilities() gave {type(declared).__name__}, not a Capabilities; return"
            " Capabilities(cancel=True, ...) of tools.live.conformance.capabilities"
        )
    for name, default in form(Capabilities()).items():
        value = getattr(declared, name)
        if isinstance(default, bool) and type(value) is not bool:
            raise ContractError(f"capability {name} {value!r:.60} is not a bool; say True or False")
    for name, words in _WORDS.items():
        given = getattr(declared, name)
        if not isinstance(given, tuple) or not given or any(word not in words for word in given):
            known = ", ".join(words)
            raise ContractError(f"capability {name} {given!r:.60} is no tuple of words of: {known}")
    if declared.self_trade not in SELF_TRADE:
        known = ", ".join(SELF_TRADE)
        given = declared.self_trade
        raise ContractError(f"capability self_trade {given!r:.60} is none of: {known}")
    length = declared.client_id_length
    if length is not None and (type(length) is not int or not 11 <= length <= MOST_OF_AN_ID):
        raise ContractError(
            f"capability client_id_length {length!r:.60} is no whole number from 11 (our ids) to"
            f" {MOST_OF_AN_ID}; None says that nothing is stated"
        )
    return declared


def form(declared: Capabilities) -> dict[str, Any]:
    """The matrix as plain data, as the certificate shows it."""
    shown = {name: getattr(declared, name) for name in fields_of(declared)}
    return {name: list(v) if isinstance(v, tuple) else v for name, v in shown.items()}
