"""Published equilibria: enumerated without rounds, and found by the rounds."""

from typing import Any

import numpy as np
import pytest

from scenarios.exchange.closed_form import two_goods
from scenarios.exchange.exchange import SCENARIO, Exchange
from scenarios.exchange.published import KEHOE, PRICES, PUBLISHED
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
    roots = two_goods(parse(Exchange, {"consumers": KEHOE}).primitives, 1.0)
    assert roots["price"].tolist() == pytest.approx(PRICES["price[2]"], abs=1e-9)
    assert roots["textbook_rule"].tolist() == ["stable", "unstable", "stable"]


def test_kehoe_1991_prices_as_printed() -> None:
    """On the simplex, to the four digits printed."""
    prices = np.array(PRICES["price[2]"])
    assert prices / (1.0 + prices) == pytest.approx([0.1129, 0.5, 0.8871], abs=5e-5)


def test_kehoe_1991_prices_are_mirror_images() -> None:
    low, middle, high = PRICES["price[2]"]
    assert middle == 1.0
    assert low * high == pytest.approx(1.0, rel=1e-14)
