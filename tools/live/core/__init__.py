"""The vocabulary of the house: contracts, numbers, time, chance and errors.

Everything above may import this room; this room imports only the standard library.
"""
