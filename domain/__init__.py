"""The nouns and rules of the business: readings, calendars, tariffs and their charges, days, periods and bills.

Frozen dataclasses and plain functions; integers in money and energy. Nothing here knows a clock, a file or a network.
May import the standard library's value types only; numpy in `domain.arrays` alone, which runs the same arithmetic over
many rows at once.
"""
