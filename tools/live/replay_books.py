"""A run's books out of its journal, in the form that `reconcile --local` reads."""

from __future__ import annotations

from .audit.reconcile_facts import KnownFill, LocalState
from .audit.reconcile_json import local_form
from .audit.reconcile_venue import local_order, positions
from .core import codec
from .journal.folding import Replay


def books(replay: Replay) -> LocalState:
    """Every order and fill that the run keeps, and what it holds; nobody counts its money."""
    store, monitor = replay.fold.store, replay.fold.monitor
    known = {name: (qty, price) for name, (_, qty, price) in store.fills.items()}
    known |= {name: adopted[3:] for name, adopted in replay.fold.adoptions.fills.items()}
    return LocalState(
        tuple(local_order(order) for order in store.get_all()),
        tuple(KnownFill(name, *numbers) for name, numbers in known.items()),
        positions(monitor.ledger, replay.opened.held_before),
        None,
        monitor.frozen,
        bool(store.retired.orders),
    )


def books_text(replay: Replay) -> str:
    """One canonical JSON line."""
    return codec.canonical(local_form(books(replay))) + "\n"
