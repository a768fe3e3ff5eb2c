"""Cost of a round with households who borrow against durable goods, by number of households.

Run it with ``python -m benchmarks.credit_tree``. Households are those of the paper's example, each
many times over, once all alike and once with endowments and tastes that differ by up to a tenth.
Populations that differ take far more rounds than alike ones, and need not settle in the rounds
given here; the cost of a round is what to compare.
"""

from __future__ import annotations

import time

import numpy as np

from agents.credit_pool import CreditPool
from agents.households import Households
from markets.credit import CreditMarket
from markets.extrapolation import ExtrapolatedTatonnement
from scenarios.credit_tree.prepayment import Prepayment
from simulator import Economy

SIZES = (3, 30, 300, 999)
ROUNDS = 500


def economy(members: int, *, alike: bool, seed: int = 0) -> Economy:
    """The example with ``members`` households, a third of each of the paper's three kinds."""
    parameters = Prepayment()
    described = parameters.economies()["economy"]
    rng = np.random.default_rng(seed)
    market = CreditMarket(described.tree, described.contracts)
    model = Economy(market, adjuster=ExtrapolatedTatonnement())
    copies = [described.households[place % 3] for place in range(members)]
    spread = rng.uniform(0.9, 1.1, (2, members, 1, 1))
    tilt = rng.uniform(0.95, 1.05, (members, len(described.tree.nodes), 1))
    if alike:
        spread, tilt = np.ones_like(spread), np.ones_like(tilt)
    households = Households(
        model,
        "households",
        households=[f"{home.name}{place}" for place, home in enumerate(copies)],
        endowment=np.array([h.endowment for h in copies], dtype=np.float64) * spread[0],
        weights=np.array([h.weights for h in copies], dtype=np.float64) * tilt,
        aversion=np.zeros(members),
        inertia=parameters.inertia,
    )
    CreditPool(model, households.plan)
    return model


def main() -> None:
    """Print a line a size: rounds until the markets cleared, and milliseconds a round."""
    print("households   alike   outcome              rounds   ms a round   seconds")
    for alike in (True, False):
        for members in SIZES:
            model = economy(members, alike=alike)
            started = time.perf_counter()
            outcome = model.clear(ROUNDS)
            took = time.perf_counter() - started
            print(
                f"{members:10d}   {'yes' if alike else 'no':5s}   {outcome:18s} {model.round:8d}"
                f" {1e3 * took / model.round:12.2f} {took:9.1f}"
            )


if __name__ == "__main__":
    main()
