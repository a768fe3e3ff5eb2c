"""Cohorts of traders who differ in everything, and quotes at which to ask them."""

import mesa
import numpy as np
from hypothesis import strategies as st

from agents.repo.traders import Traders
from markets.instruments import Security
from markets.margin import FlatMargin, PostedMargin
from markets.repo.market import RepoMarket
from markets.repo.quotes import RepoQuotes

SECURITY = Security(0.70, 1.15)


def cohort(seed: int, members: int = 40, *, ties: bool = False, **given: object) -> Traders:
    """Traders who differ in everything, some with the same belief if asked for."""
    rng = np.random.default_rng(seed)
    beliefs = rng.uniform(0.01, 0.99, members)
    if ties:
        beliefs = np.round(beliefs, 1).clip(0.1, 0.9)
    fields = {
        "cash": rng.uniform(0.1, 3.0, members),
        "securities": rng.uniform(0.0, 3.0, members),
        "income_up": rng.uniform(0.0, 5.0, members),
        "income_down": rng.uniform(0.0, 5.0, members),
    } | given
    traders = Traders(mesa.Model(rng=0), beliefs=beliefs, **fields)  # type: ignore[arg-type]
    return traders


def posted(
    traders: Traders, level: float, between: float, haircut: float, *, reuse: bool = True
) -> RepoQuotes:
    market = RepoMarket(SECURITY, reuse=reuse)
    market.open([traders])
    return market.post(
        np.array([level - 1.0, between]),
        PostedMargin.opened(FlatMargin(haircut), 1.0),
        np.full(2, 1e-12),
    )


SEED = st.integers(0, 1000)
QUOTES = {
    "level": st.floats(0.02, 0.98),
    "between": st.one_of(st.just(0.0), st.floats(0.0, 0.9)),
    "haircut": st.one_of(st.just(0.0), st.floats(0.005, 0.9)),
}
