"""The markets that parameters describe, as the closed forms know them."""

from __future__ import annotations

import numpy as np

from scenarios.funding.closed_form import Spiral
from scenarios.funding.funding_contagion import FundingContagion
from scenarios.funding.margin_spiral import MarginSpiral
from scenarios.funding.one_pool import Pool


def spiral_of(parameters: MarginSpiral) -> Spiral:
    market = parameters.market(parameters.traders(np.random.default_rng(0)), 0, 0)
    assert market is not None
    return market[0]


def pool_of(parameters: FundingContagion) -> Pool:
    market = parameters.pool(0, parameters.traders(np.random.default_rng(0)))
    assert market is not None
    return market[0]
