r"""Recognising numbers from their digits: fractions, and roots of polynomials.

A number that is known to n decimal places is compared with simple exact ones. What is recognised
is a guess that fits the digits much better than chance would, by ``SPARE`` digits; a proof is what
is later checked with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from flint import fmpz_mat

from simulator.proof.algebraic import Exact, Field

SPARE = 30
"""Decimal places that a recognised number must fit beyond those that its size explains."""

HIGHEST_DEGREE = 6
"""Highest degree of a polynomial whose root numbers are compared with."""

BRACKET = 40
"""Decimal places to which a proof says where its root is."""

LOST = 10
"""Last decimal places that rounding may have spoiled."""


def recognised(
    values: Mapping[str, Fraction], places: int
) -> tuple[dict[str, Exact], dict[str, object]] | None:
    """Exact numbers from digits, and the root that generates them; None if they look like none."""
    fractions = {name: fraction_near(value, places) for name, value in values.items()}
    irrational = [name for name, fraction in fractions.items() if fraction is None]
    polynomials: dict[str, tuple[int, ...]] = {}
    for name in irrational:
        polynomial = minimal_polynomial(values[name], places)
        if polynomial is not None:
            polynomials[name] = polynomial
        elif not polynomials:
            return None
    found: dict[str, Exact] = {n: value for n, value in fractions.items() if value is not None}
    if not irrational:
        return found, {}
    # the quote of highest degree generates the others, or a sum of quotes does
    best = min(polynomials, key=lambda n: (-len(polynomials[n]), max(map(abs, polynomials[n]))))
    root = Root(values[best], polynomials[best], places)
    for name in irrational:
        if root.generate(values[name]) is None:
            value = root.value + values[name]
            polynomial = minimal_polynomial(value, places)
            if polynomial is None:
                return None
            root = Root(value, polynomial, places)
    for name in irrational:
        generated = root.generate(values[name])
        if generated is None:
            return None
        found[name] = generated
    return {name: found[name] for name in values}, {"root": root.described()}


def simplest(value: float, distance: float) -> Fraction:
    """A fraction with a small denominator within a distance of a number.

    Examples
    --------
    >>> simplest(0.4090909090, 1e-8)
    Fraction(9, 22)
    """
    target = Fraction(value)
    for digits in range(1, 13):
        found = target.limit_denominator(10**digits)
        if abs(found - target) <= Fraction(distance):
            return found
    return target


def fraction_near(value: Fraction, places: int) -> Fraction | None:
    """The fraction that a number known to so many decimal places is; None if it looks like none.

    Examples
    --------
    >>> fraction_near(Fraction("0.4" + "09" * 60), 100)
    Fraction(9, 22)
    >>> fraction_near(Fraction("0.1234567891011121314151617181920212223242526272829303132"), 50)
    """
    highest = int(10 ** ((places - LOST - SPARE) // 2))
    found = value.limit_denominator(highest)
    return found if abs(found - value) * 10 ** (places - LOST) <= 1 else None


def largest_denominator(places: int) -> int:
    """Digits of the largest denominator that :func:`fraction_near` recognises."""
    return (places - LOST - SPARE) // 2


def minimal_polynomial(
    value: Fraction, places: int, highest: int = HIGHEST_DEGREE
) -> tuple[int, ...] | None:
    """The integer polynomial of least degree that has a number as a root, or None.

    Parameters
    ----------
    value : Fraction
        The number, known to ``places`` decimal places and no fraction itself.
    places : int
    highest : int
        The highest degree to try.

    Returns
    -------
    tuple of int, optional
        Coefficients from the constant up, the last one positive.

    Examples
    --------
    >>> root = Fraction("1.41421356237309504880168872420969807856967187537694807317667973799")
    >>> minimal_polynomial(root, 60, 3)
    (-2, 0, 1)
    """
    powers = [Fraction(1), value]
    for _ in range(2, highest + 1):
        powers.append(powers[-1] * value)
        found = relation(powers, places)
        if found is not None:
            return found
    return None


class Root:
    """A root of a polynomial, and the numbers that it generates.

    Parameters
    ----------
    value : Fraction
        The root, known to ``places`` decimal places.
    polynomial : tuple of int
        Its polynomial of least degree.
    places : int
    """

    def __init__(self, value: Fraction, polynomial: tuple[int, ...], places: int) -> None:
        self.value, self.polynomial = value, polynomial
        width = Fraction(1, 10 ** min(BRACKET, places // 2))
        self._low = round(value / width) * width - width
        self._high = self._low + 2 * width
        self._field = Field(polynomial, self._low, self._high)
        self._powers = [value**power for power in range(len(polynomial) - 1)]
        self._places = places
        # times the derivative of the polynomial at the root, numbers have short coordinates
        largest = max(abs(c) for c in polynomial)
        slopes = [Fraction(power * c, largest) for power, c in enumerate(polynomial)][1:]
        self._slope = sum((c * value**power for power, c in enumerate(slopes)), Fraction(0))
        self._divisor = self._field.number(slopes)

    def generate(self, value: Fraction) -> Exact | None:
        """The number with some digits in terms of the root; None if it looks like none."""
        found = relation([*self._powers, value * self._slope], self._places)
        if found is None:
            return None
        coefficients = [Fraction(-entry, found[-1]) for entry in found[:-1]]
        return self._field.number(coefficients) / self._divisor

    def described(self) -> dict[str, object]:
        """The polynomial and a bracket of the root, as a proof names them."""
        return {
            "polynomial": [str(coefficient) for coefficient in self.polynomial],
            "low": str(self._low),
            "high": str(self._high),
        }


def relation(values: Sequence[Fraction], places: int) -> tuple[int, ...] | None:
    r"""Whole numbers n, not all zero, with :math:`\sum_i n_i v_i = 0` as far as digits tell.

    They are a short vector of the lattice of :math:`(n, \; 10^p \sum_i n_i v_i)`, which the
    reduction of Lenstra, Lenstra and Lovász finds. Without a relation even the shortest vector has
    some :math:`p/k` digits in each of its k places; a relation counts that is ``SPARE`` digits
    shorter in all, and involves the last of the values.

    Parameters
    ----------
    values : sequence of Fraction
        v, each known to ``places`` decimal places.
    places : int

    Examples
    --------
    >>> root = Fraction("1.41421356237309504880168872420969807856967187537694807317667973799")
    >>> relation([Fraction(2), root, 3 - 5 * root], 60)
    (-3, 10, 2)
    """
    room, count = places - LOST, len(values)
    rows = [[int(row == column) for column in range(count)] for row in range(count)]
    for row, value in zip(rows, values, strict=True):
        row.append(round(value * 10**room))
    shortest = fmpz_mat(rows).lll().tolist()[0]
    *found, rest = (int(entry) for entry in shortest)
    digits = count * len(str(max(abs(entry) for entry in found)))
    rounding = sum(abs(entry) for entry in found)
    if abs(rest) > rounding or digits + SPARE > room or not found[-1]:
        return None
    return tuple(found) if found[-1] > 0 else tuple(-entry for entry in found)
