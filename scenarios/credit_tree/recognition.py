r"""Recognising numbers from their digits: fractions, and roots of polynomials.

A number that is known to n decimal places is compared with simple exact ones. What is recognised
is a guess that fits the digits much better than chance would, by ``SPARE`` digits; a proof is what
is later checked with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from scenarios.credit_tree.algebraic import Exact, Field

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
) -> tuple[dict[str, Exact], dict[str, Any]] | None:
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
    relations = Relations(places)
    relations.add(Fraction(1))
    power = Fraction(1)
    for degree in range(1, highest + 1):
        power *= value
        relations.add(power)
        found = relations.shortest()
        if found is not None and degree > 1:
            return found if found[-1] > 0 else tuple(-entry for entry in found)
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
        self._powers = Relations(places)
        for power in range(len(polynomial) - 1):
            self._powers.add(value**power)
        # times the derivative of the polynomial at the root, numbers have short coordinates
        largest = max(abs(c) for c in polynomial)
        slopes = [Fraction(power * c, largest) for power, c in enumerate(polynomial)][1:]
        self._slope = sum((c * value**power for power, c in enumerate(slopes)), Fraction(0))
        self._divisor = self._field.number(slopes)

    def generate(self, value: Fraction) -> Exact | None:
        """The number with some digits in terms of the root; None if it looks like none."""
        relations = self._powers.copy()
        relations.add(value * self._slope)
        found = relations.shortest()
        if found is None:
            return None
        coefficients = [Fraction(-entry, found[-1]) for entry in found[:-1]]
        return self._field.number(coefficients) / self._divisor

    def described(self) -> dict[str, Any]:
        """The polynomial and a bracket of the root, as a proof names them."""
        return {
            "polynomial": [str(coefficient) for coefficient in self.polynomial],
            "low": str(self._low),
            "high": str(self._high),
        }


class Relations:
    r"""Whole numbers n, not all zero, with :math:`\sum_i n_i v_i = 0` as far as digits tell.

    They are short vectors of the lattice of :math:`(n, \; 10^p \sum_i n_i v_i)`, of which a reduced
    basis is kept (Lenstra, Lenstra and Lovász) as values are added one by one. In whole numbers
    throughout: ``_volumes`` are the determinants of the leading Gram matrices and ``_slant`` the
    Gram-Schmidt coefficients times them, as in Cohen, A Course in Computational Algebraic Number
    Theory (1993), algorithm 2.6.7.

    Parameters
    ----------
    places : int
        Decimal places to which the values are known.
    """

    def __init__(self, places: int) -> None:
        self._room = places - LOST
        self._rows: list[list[int]] = []
        self._volumes, self._slant = [1], list[list[int]]()

    def copy(self) -> Relations:
        """The same values and basis."""
        other = Relations(self._room + LOST)
        other._rows = [list(row) for row in self._rows]
        other._volumes, other._slant = list(self._volumes), [list(row) for row in self._slant]
        return other

    def shortest(self) -> tuple[int, ...] | None:
        """The first vector of the basis if it is a relation that involves the value added last.

        Without a relation even the shortest vector has some :math:`p/k` digits in each of its k
        places, p in all; a relation counts that is ``SPARE`` digits shorter.
        """
        *found, rest = self._rows[0]
        digits = len(found) * len(str(max(abs(entry) for entry in found)))
        rounding = sum(abs(entry) for entry in found)
        holds = abs(rest) <= rounding and digits + SPARE <= self._room
        return tuple(found) if holds and found[-1] else None

    def add(self, value: Fraction) -> None:
        """Add a value and reduce the basis again."""
        count = len(self._rows)
        for row in self._rows:
            row.insert(count, 0)
        self._rows.append([*[0] * count, 1, round(value * 10**self._room)])
        self._slant.append([])
        for place in range(count + 1):
            product = self._product(count, place)
            for inner in range(place):
                product = (
                    self._volumes[inner + 1] * product
                    - self._slant[count][inner] * self._slant[place][inner]
                ) // self._volumes[inner]
            (self._slant[count] if place < count else self._volumes).append(product)
        place = count
        while 0 < place <= count:
            self._shorten(place, place - 1)
            before, here, after = self._volumes[place - 1 : place + 2]
            if 4 * (after * before + self._slant[place][place - 1] ** 2) < 3 * here**2:
                self._swap(place)
                place = max(1, place - 1)
            else:
                for by in range(place - 2, -1, -1):
                    self._shorten(place, by)
                place += 1

    def _product(self, one: int, other: int) -> int:
        return sum(a * b for a, b in zip(self._rows[one], self._rows[other], strict=True))

    def _shorten(self, row: int, by: int) -> None:
        """Take off the multiple of another row that leaves the least slant."""
        volume, slant = self._volumes[by + 1], self._slant[row]
        times = (2 * slant[by] + volume) // (2 * volume)
        if times:
            pairs = zip(self._rows[row], self._rows[by], strict=True)
            self._rows[row] = [a - times * b for a, b in pairs]
            slant[by] -= times * volume
            for place, other in enumerate(self._slant[by]):
                slant[place] -= times * other

    def _swap(self, row: int) -> None:
        """Change a row and the one before it."""
        rows, slant, volumes = self._rows, self._slant, self._volumes
        rows[row], rows[row - 1] = rows[row - 1], rows[row]
        step = slant[row].pop()
        slant[row], slant[row - 1] = [*slant[row - 1], step], slant[row]
        before, here, after = volumes[row - 1 : row + 2]
        volume = (before * after + step * step) // here
        for later in slant[row + 1 :]:
            old = later[row]
            later[row] = (after * later[row - 1] - step * old) // here
            later[row - 1] = (volume * old + step * later[row]) // after
        volumes[row] = volume
