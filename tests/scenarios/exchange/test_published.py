"""Published equilibria: enumerated without rounds, and found by the rounds."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import walras
from scenarios.exchange.closed_form import two_goods
from scenarios.exchange.exchange import SCENARIO, Exchange
from scenarios.exchange.published import KEHOE, POLYNOMIAL, PRICES, PUBLISHED
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.published import Published

ROWS = pytest.mark.parametrize("published", PUBLISHED, ids=lambda row: row.case)


@ROWS
def test_the_rounds_find_every_published_equilibrium(published: Published) -> None:
    """Started beside it, on either side, the default rule comes to rest there."""
    [(name, prices)] = published.expected.items()
    goods = len(parse(Exchange, published.parameters).names)
    for price in prices:  # type: ignore[attr-defined]
        start = [1.0, price] + [1.0] * (goods - 2)
        given: dict[str, Any] = {**published.parameters, "start": start}
        run = SCENARIO.run(**given)
        assert run.outcome is Outcome.CLEARED
        assert run.equilibrium[name] == pytest.approx(price, abs=published.tolerance)


def test_kehoe_1991_all_equilibria_are_enumerated() -> None:
    primitives = parse(Exchange, {"consumers": KEHOE}).primitives()
    assert primitives is not None
    roots = two_goods(primitives, 1.0)
    assert roots["price"].tolist() == pytest.approx(PRICES["price[2]"], abs=1e-9)
    assert roots["textbook_rule"].tolist() == ["stable", "unstable", "stable"]


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


def test_kehoe_1991_prices_as_printed() -> None:
    """On the simplex, to the four digits printed."""
    prices = np.array(PRICES["price[2]"])
    assert prices / (1.0 + prices) == pytest.approx([0.1129, 0.5, 0.8871], abs=5e-5)


def test_kehoe_1991_prices_are_mirror_images() -> None:
    low, middle, high = PRICES["price[2]"]
    assert middle == 1.0
    assert low * high == pytest.approx(1.0, rel=1e-14)
