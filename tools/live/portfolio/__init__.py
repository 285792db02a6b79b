"""Positions, cash and profit: what the fills amount to."""
