r"""Exact arithmetic with one irrational number, the root of a polynomial.

Incomplete markets are bilinear in prices and plans, so that an equilibrium of an economy written in
fractions may have prices such as :math:`(7 - \sqrt{33})/8`. With :math:`r` a real root of an
integer polynomial :math:`m` of degree :math:`d`, the numbers

.. math:: a_0 + a_1 r + \dots + a_{d-1} r^{d-1}, \qquad a_i \text{ fractions},

can be added, multiplied and, where :math:`m` is irreducible, divided. Signs are decided with the
bracket that holds :math:`r`, halved until zero lies outside; only :math:`0 + 0 r + \dots` is zero.
So all that is assumed of :math:`m` is that it changes sign over the bracket. Were it reducible, one
number written in two ways would count as two, and comparing them or dividing by their difference
would be refused; no violation would pass for zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import total_ordering
from math import gcd, lcm

HIGHEST_DEGREE = 64
"""Largest degree of a polynomial that is read from a proof."""

HALVINGS = 64
"""How often the bracket is halved at a time."""

LAST_WIDTH = Fraction(1, 10**1500)
"""Width of the narrowest bracket by which a number is told apart from zero."""


class NoField(ValueError):
    """A polynomial and a bracket that describe no irreducible root, so that nothing is proved."""


class Field:
    """The numbers that one root of a polynomial generates.

    Parameters
    ----------
    polynomial : sequence of int
        Coefficients of m from the constant up; the last is positive, the degree at least 2.
    low, high : Fraction
        The bracket: m has different signs at its ends.

    Raises
    ------
    NoField
        If there is no such root.

    Examples
    --------
    >>> field = Field((-2, 0, 1), Fraction(1), Fraction(2))
    >>> root = field.read("r")
    >>> str(1 / (root + 1)), root * root == 2, root > Fraction(7, 5)
    ('-1 + r', True, True)
    """

    def __init__(self, polynomial: Sequence[int], low: Fraction, high: Fraction) -> None:
        self.polynomial, self.degree = tuple(polynomial), len(polynomial) - 1
        if not 2 <= self.degree <= HIGHEST_DEGREE or self.polynomial[-1] <= 0:
            raise NoField(
                f"the polynomial has {len(polynomial)} coefficients; its degree is 2 to"
                f" {HIGHEST_DEGREE} and the last coefficient positive"
            )
        self.key = (self.polynomial, low, high)
        self._rises = self._at(low) < 0 < self._at(high)
        if low >= high or not (self._rises or self._at(low) > 0 > self._at(high)):
            raise NoField("the polynomial does not change sign between low and high")
        self._hold(low, high)

    def read(self, text: str) -> Fraction | Algebraic:
        """A number from its text: ``"9/22"`` or ``"1/2 + -3*r + 2/7*r^2"``."""
        found = [Fraction(0)] * self.degree
        for term in text.split(" + "):
            factor, mark, rest = term.partition("r")
            power = int(rest.removeprefix("^") or 1) if mark else 0
            factor = factor.removesuffix("*") if mark else factor
            if not 0 <= power < self.degree:
                raise ValueError(f'"{text}" has a power of the root beyond its degree')
            found[power] += Fraction(factor) if factor else 1
        return self.number(found)

    def number(self, coefficients: Sequence[Fraction]) -> Fraction | Algebraic:
        """The number with the given coefficients of powers of the root."""
        if not any(coefficients[1:]):
            return coefficients[0]
        below = lcm(*(c.denominator for c in coefficients))
        return Algebraic(self, [int(c * below) for c in coefficients], below)

    def bounds(self, numerators: Sequence[int], below: int) -> tuple[Fraction, Fraction]:
        """Two fractions with a number between them."""
        low = high = Fraction(0)
        for numerator, (least, most) in zip(numerators, self._powers, strict=True):
            low += numerator * (least if numerator > 0 else most)
            high += numerator * (most if numerator > 0 else least)
        return low / below, high / below

    def narrow(self) -> None:
        """Halve the bracket some times.

        Raises
        ------
        NoField
            If it is as narrow as it gets.
        """
        low, high = self._low, self._high
        if high - low <= LAST_WIDTH:
            raise NoField(
                "a number could not be told apart from zero; is the polynomial reducible?"
            )
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            value = self._at(middle)
            if value == 0:
                low = high = middle
                break
            low, high = (middle, high) if (value < 0) is self._rises else (low, middle)
        self._hold(low, high)

    def _hold(self, low: Fraction, high: Fraction) -> None:
        """Keep a bracket and what it says of the powers of the root."""
        self._low, self._high = low, high
        self._powers = [(Fraction(1), Fraction(1))]
        for _ in range(1, self.degree):
            least, most = self._powers[-1]
            ends = (least * low, least * high, most * low, most * high)
            self._powers.append((min(ends), max(ends)))

    def _at(self, place: Fraction) -> Fraction:
        value = Fraction(0)
        for coefficient in reversed(self.polynomial):
            value = value * place + coefficient
        return value


@total_ordering
class Algebraic:
    """A number of a :class:`Field` that is no fraction; frozen, and at home among fractions.

    Its coefficients are whole numbers over one common denominator.
    """

    __slots__ = ("below", "field", "numerators")

    def __init__(self, field: Field, numerators: Sequence[int], below: int) -> None:
        common = gcd(below, *numerators)
        self.field = field
        self.numerators = tuple(n // common for n in numerators)
        self.below = below // common

    # ------------------------------------------------------------------ arithmetic
    def __add__(self, other: Exact | int) -> Exact:
        numerators, below = self._lift(other)
        shared = lcm(self.below, below)
        one, two = shared // self.below, shared // below
        added = [a * one + b * two for a, b in zip(self.numerators, numerators, strict=True)]
        return self._made(added, shared)

    def __mul__(self, other: Exact | int) -> Exact:
        if not isinstance(other, Algebraic):
            other = Fraction(other)
            return self._made(
                [n * other.numerator for n in self.numerators], self.below * other.denominator
            )
        numerators, below = self._lift(other)
        product = [0] * (2 * len(numerators) - 1)
        for i, a in enumerate(self.numerators):
            if a:
                for j, b in enumerate(numerators):
                    product[i + j] += a * b
        below *= self.below
        *rest, leading = self.field.polynomial
        while len(product) > len(rest):  # m(r) = 0 removes the highest power
            highest = product.pop()
            if highest:
                start = len(product) - len(rest)
                product = [leading * entry for entry in product]
                for place, coefficient in enumerate(rest):
                    product[start + place] -= highest * coefficient
                below *= leading
        return self._made(product, below)

    def __truediv__(self, other: Exact | int) -> Exact:
        inverse = other._inverse() if isinstance(other, Algebraic) else 1 / Fraction(other)
        return self * inverse

    def __rtruediv__(self, other: Fraction | int) -> Exact:
        return self._inverse() * other

    def __neg__(self) -> Algebraic:
        return Algebraic(self.field, [-n for n in self.numerators], self.below)

    def __sub__(self, other: Exact | int) -> Exact:
        return self + -other

    def __rsub__(self, other: Fraction | int) -> Exact:
        return -self + other

    def __abs__(self) -> Algebraic:
        return -self if self < 0 else self

    __radd__ = __add__
    __rmul__ = __mul__

    def _inverse(self) -> Exact:
        """The inverse by Euclid's algorithm: s with s y = 1 (mod m)."""
        before = [Fraction(c) for c in self.field.polynomial]
        now = _trimmed([Fraction(n, self.below) for n in self.numerators])
        factor_before, factor = [Fraction(0)], [Fraction(1)]
        while len(now) > 1:
            quotient, remainder = _divided(before, now)
            if not remainder:
                raise NoField("a number can't be divided by; the polynomial is reducible")
            taken = [Fraction(0)] * (len(quotient) + len(factor) - 1)
            for i, a in enumerate(quotient):
                for j, b in enumerate(factor):
                    taken[i + j] += a * b
            size = max(len(taken), len(factor_before))
            factor_before, factor = factor, [a - b for a, b in zip(
                _padded(factor_before, size), _padded(taken, size), strict=True)]  # fmt: skip
            before, now = now, remainder
        return self.field.number([c / now[0] for c in _padded(_trimmed(factor), self.field.degree)])

    def _lift(self, other: Exact | int) -> tuple[Sequence[int], int]:
        """Numerators and common denominator of a number in this field."""
        if isinstance(other, Algebraic):
            if other.field.key != self.field.key:
                raise ValueError("numbers that two different roots generate don't mix")
            return other.numerators, other.below
        whole = Fraction(other)
        return (whole.numerator, *[0] * (len(self.numerators) - 1)), whole.denominator

    def _made(self, numerators: Sequence[int], below: int) -> Exact:
        """A number of this field, a fraction where it is one."""
        if any(numerators[1:]):
            return Algebraic(self.field, numerators, below)
        return Fraction(numerators[0], below)

    # ------------------------------------------------------------------ comparison
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Algebraic | Fraction | int):
            return NotImplemented
        return not self - other

    def __lt__(self, other: Exact | int) -> bool:
        difference = self - other
        if not isinstance(difference, Algebraic):
            return difference < 0
        return difference._bracketed(1)[1] < 0

    def __hash__(self) -> int:
        return hash((self.numerators, self.below))

    def __float__(self) -> float:
        low, high = self._bracketed(10**18)
        return float((low + high) / 2)

    def _bracketed(self, sharpness: int) -> tuple[Fraction, Fraction]:
        """Bounds without zero between them, whose distance is small against them."""
        while True:
            low, high = self.field.bounds(self.numerators, self.below)
            if (low > 0 or high < 0) and (high - low) * (sharpness - 1) <= min(abs(low), abs(high)):
                return low, high
            self.field.narrow()

    # ------------------------------------------------------------------ text
    def __str__(self) -> str:
        terms = []
        for power, numerator in enumerate(self.numerators):
            if numerator:
                factor = str(Fraction(numerator, self.below))
                root = f"r^{power}" if power > 1 else "r"
                terms.append(
                    factor if power == 0 else root if factor == "1" else f"{factor}*{root}"
                )
        return " + ".join(terms)

    __repr__ = __str__


Exact = Fraction | Algebraic
"""A number that is known exactly."""


def _trimmed(polynomial: list[Fraction]) -> list[Fraction]:
    while polynomial and not polynomial[-1]:
        polynomial.pop()
    return polynomial


def _padded(polynomial: list[Fraction], size: int) -> list[Fraction]:
    return polynomial + [Fraction(0)] * (size - len(polynomial))


def _divided(over: list[Fraction], under: list[Fraction]) -> tuple[list[Fraction], list[Fraction]]:
    """Quotient and remainder of two polynomials."""
    rest, quotient = list(over), [Fraction(0)] * (len(over) - len(under) + 1)
    for place in range(len(quotient) - 1, -1, -1):
        quotient[place] = rest[place + len(under) - 1] / under[-1]
        for offset, entry in enumerate(under):
            rest[place + offset] -= quotient[place] * entry
    return quotient, _trimmed(rest)


def reader(proof: Mapping[str, object]) -> Callable[[str], Exact]:
    """How to read the numbers of a proof: fractions, or numbers that its root generates.

    Raises
    ------
    NoField
        If the proof describes a root that does not exist.
    TypeError
        If its root is no polynomial and bracket.
    """
    root = proof.get("root")
    if root is None:
        return Fraction
    if not isinstance(root, Mapping) or not {"polynomial", "low", "high"} <= root.keys():
        raise TypeError("the root of a proof needs polynomial, low and high")
    polynomial = [int(c) for c in root["polynomial"]]
    return Field(polynomial, Fraction(root["low"]), Fraction(root["high"])).read
