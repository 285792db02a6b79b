"""The simulated world: exchanges that nobody can lose money on.

`simulator` is the paper-trading simulator of ADR-006, with a file of its own for each of its parts:
contracts, numbers, actions, checks, risk, account, text, checkpoint, registry.
"""
