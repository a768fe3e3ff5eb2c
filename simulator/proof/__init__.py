"""Exact arithmetic: recognising numbers from their digits, elimination, algebraic numbers."""
