"""Linear equations in exact numbers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

from simulator.proof.algebraic import Algebraic, Exact

Unknown = TypeVar("Unknown", bound=Hashable)

ZERO = Fraction(0)


def solve(
    equations: Sequence[tuple[Mapping[Unknown, Exact], Exact]],
    unknowns: Sequence[Unknown],
    free: Callable[[Unknown], Exact],
) -> dict[Unknown, Exact] | None:
    """Solve linear equations by elimination; None if they contradict each other.

    Parameters
    ----------
    equations : sequence of (coefficients, total)
        Sparse rows.
    unknowns : sequence
        All unknowns.
    free : callable
        Value of an unknown that the equations leave free.
    """
    solved: dict[Unknown, tuple[dict[Unknown, Exact], Exact]] = {}
    for given, due in equations:
        row = {name: value for name, value in given.items() if value}
        total = due
        for name in [name for name in row if name in solved]:
            factor = row.pop(name)
            other, other_total = solved[name]
            for key, value in other.items():
                row[key] = row.get(key, ZERO) - factor * value
                if not row[key]:
                    del row[key]
            total -= factor * other_total
        if not row:
            if total:
                return None
            continue
        pivot = min(row, key=lambda name: bits(row[name]))
        scale = row.pop(pivot)
        row = {name: value / scale for name, value in row.items()}
        total /= scale
        for name, (other, other_total) in solved.items():
            factor = other.pop(pivot, ZERO)
            if factor:
                for key, value in row.items():
                    other[key] = other.get(key, ZERO) - factor * value
                    if not other[key]:
                        del other[key]
                solved[name] = (other, other_total - factor * total)
        solved[pivot] = (row, total)
    values = {name: free(name) for name in unknowns if name not in solved}
    for name, (row, total) in solved.items():
        values[name] = total - sum((value * values[key] for key, value in row.items()), ZERO)
    return values


def bits(value: Exact) -> int:
    """Length of a number; short pivots keep all others short."""
    if isinstance(value, Algebraic):
        return sum(n.bit_length() for n in value.numerators) + value.below.bit_length()
    return value.numerator.bit_length() + value.denominator.bit_length()
