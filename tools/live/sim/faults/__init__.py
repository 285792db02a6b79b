"""Faults by plan: what goes wrong between a run and its exchange, or its market, and when.

A plan (`plan`) is data: seeded, composable, written in TOML, JSON or Python. `wire` puts it between
a run and any exchange client, `feed` between a run and its market data. `strikes` decides which
occurrence is struck, and keeps account of it.
"""
