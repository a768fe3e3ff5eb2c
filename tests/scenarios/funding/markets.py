"""The pool that parameters describe, as the closed form knows it."""

from __future__ import annotations

import numpy as np

from scenarios.funding.funding_contagion import FundingContagion
from scenarios.funding.one_pool import Pool


def pool_of(parameters: FundingContagion) -> Pool:
    market = parameters.pool(0, parameters.traders(np.random.default_rng(0)))
    assert market is not None
    return market[0]
