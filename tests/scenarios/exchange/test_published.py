"""Published equilibria: enumerated without rounds, and found by the rounds."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

import walras
from scenarios.exchange.published import KEHOE, POLYNOMIAL, PRICES


def test_kehoe_1991_excess_demand_is_the_polynomial() -> None:
    """In exact fractions: demand for the second good less its supply, brought to one denominator.

    It has degree 9 at most, so that fifteen values of y prove it.
    """
    for y in (Fraction(k, 3) for k in range(1, 16)):
        price = y**5
        first = (12 + price) / (4 * y + price)
        second = 4 * (1 + 12 * price) / (y + 4 * price)
        brought = (first + second - 13) * y * (4 + y**4) * (1 + 4 * y**4)
        assert brought == -4 * sum(
            c * y**k for c, k in zip(POLYNOMIAL, range(5, -1, -1), strict=True)
        )


def test_kehoe_1991_equilibria_are_the_positive_roots_of_the_polynomial() -> None:
    """By Sturm's theorem there are three; the radicals are the eigenvalues of its companion."""
    roots = np.roots(POLYNOMIAL)
    positive = np.sort(roots[(np.abs(roots.imag) < 1e-9) & (roots.real > 0.0)].real)
    assert positive**5 == pytest.approx(PRICES["price[2]"], rel=1e-12)
    assert sturm([Fraction(c) for c in POLYNOMIAL]) == 3


def sturm(polynomial: list[Fraction]) -> int:
    """Number of different positive roots, coefficients highest first."""
    degree = len(polynomial) - 1
    chain = [polynomial, [c * (degree - k) for k, c in enumerate(polynomial[:-1])]]
    while len(chain[-1]) > 1:
        rest, by = list(chain[-2]), chain[-1]
        while len(rest) >= len(by):
            factor = rest[0] / by[0]
            rest = [a - factor * b for a, b in zip(rest, by, strict=False)][1:] + rest[len(by) :]
        while rest and rest[0] == 0:
            rest = rest[1:]
        if not rest:
            break
        chain.append([-c for c in rest])
    changes = []
    for at in (0, 1):  # at zero the last coefficients count, at infinity the first
        ends = [row[-1] if at == 0 else row[0] for row in chain]
        signs = [end > 0 for end in ends if end != 0]
        changes.append(sum(a != b for a, b in pairwise(signs)))
    return changes[0] - changes[1]


def test_kehoe_1991_several_starts_find_the_stable_ones_and_tell_their_basins() -> None:
    """As ``--starts 12`` does; a thirteenth at the middle one rests there and calls it unstable."""
    run = walras.run("exchange", consumers=KEHOE, start=[1.0, 1.0], starts=13, studies=False)
    found = run.studies["equilibria"].sort_values("price[2]")
    assert found["price[2]"].tolist() == pytest.approx(PRICES["price[2]"], rel=1e-8)
    assert found["stable"].tolist() == ["true", "false", "true"]
    assert found["starts"].sum() == 13


def test_kehoe_1991_prices_are_mirror_images() -> None:
    low, middle, high = PRICES["price[2]"]
    assert middle == 1.0
    assert low * high == pytest.approx(1.0, rel=1e-14)
