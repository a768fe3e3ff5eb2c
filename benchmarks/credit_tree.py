"""Households who borrow against durable goods: how long many take to clear, alike and different.

Run it with ``python -m benchmarks.credit_tree``. Households are those of the paper's example
(linear utility) or of the default economy of ``credit-tree`` (logarithmic), each many times over,
once all alike and once with endowments that differ by up to a tenth and tastes by up to a
twentieth. Alike ones clear in rounds alone. Different ones do not, and need the auction.
"""

from __future__ import annotations

import time

import numpy as np

from agents.credit.auction import CallAuction
from agents.credit.clearing_house import CreditPool
from agents.credit.households import Households
from agents.credit.plan import Plan
from markets.adjustment.extrapolated import ExtrapolatedTatonnement
from markets.credit.market import CreditMarket
from scenarios.credit.economy import AuctionedEconomy
from scenarios.credit.parameters import CreditTree
from scenarios.credit.prepayment import Prepayment

SIZES = (30, 100, 300, 1000)
ROUNDS = 1_000

ECONOMIES = {"linear": Prepayment(), "log": CreditTree()}


def economy(
    members: int,
    *,
    alike: bool,
    utility: str = "linear",
    auction: CallAuction | None = None,
    seed: int = 0,
) -> AuctionedEconomy:
    """An economy of ``members`` households, as many of each kind that its scenario knows."""
    parameters = ECONOMIES[utility]
    described = parameters.economies()["economy"]
    rng = np.random.default_rng(seed)
    market = CreditMarket(described.tree, described.contracts)
    model = AuctionedEconomy(market, adjuster=ExtrapolatedTatonnement(market.pace), auction=auction)
    plan = Plan(market)
    kinds = described.households
    copies = [kinds[place % len(kinds)] for place in range(members)]
    spread = rng.uniform(0.9, 1.1, (2, members, 1, 1))
    tilt = rng.uniform(0.95, 1.05, (members, len(described.tree.nodes), 1))
    if alike:
        spread, tilt = np.ones_like(spread), np.ones_like(tilt)
    Households(
        model,
        "households",
        plan,
        households=[f"{home.name}{place}" for place, home in enumerate(copies)],
        endowment=np.array([h.endowment for h in copies], dtype=np.float64) * spread[0],
        weights=np.array([h.weights for h in copies], dtype=np.float64) * tilt,
        aversion=np.array([h.risk_aversion for h in copies], dtype=np.float64),
        inertia=parameters.inertia,
    )
    CreditPool(model, plan)
    return model


def main() -> None:
    """Print one line per size: how it ended, after how many rounds and steps of the auction."""
    print("utility   alike   auction   households   outcome              rounds   steps   seconds")
    for utility in ECONOMIES:
        for alike, auction in ((True, None), (False, None), (False, CallAuction())):
            for members in SIZES:
                model = economy(members, alike=alike, utility=utility, auction=auction)
                started = time.perf_counter()
                outcome = model.clear(ROUNDS)
                took = time.perf_counter() - started
                print(
                    f"{utility:7s}   {'yes' if alike else 'no':5s}   "
                    f"{'yes' if auction else 'no':7s}   {members:10d}   {outcome:18s}"
                    f" {model.round:8d} {model.auction_steps:7d} {took:9.1f}"
                )


if __name__ == "__main__":
    main()
