"""The economies that are measured: repo margins with traders alike and with traders who differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from agents.repo.clearing_house import RepoClearingHouse
from agents.repo.order_sums import compiled_order_sums
from agents.repo.traders import Traders
from markets.instruments import Security
from markets.margin import FlatMargin, PostedMargin
from markets.repo.book import RepoBook
from markets.repo.market import RepoMarket
from markets.repo.quotes import RepoQuotes
from simulator.economy import Economy

RepoEconomy = Economy[PostedMargin, RepoQuotes, RepoBook]
"""An economy of the repo market."""

SECURITY = Security(0.70, 1.15)

HAIRCUT = 0.01
"""A loan-to-value ratio of .99, as at the first date of ``margin-hike``."""

SEED = 1

ALIKE: dict[str, dict[str, Any]] = {
    "short": {"income_up": 0.0, "income_down": 1000.0},
    "long": {"income_up": 1000.0, "income_down": 0.0},
    "beta(2, 3), short": {"beliefs": "beta(2, 3)", "income_up": 0.0, "income_down": 1000.0},
}
"""Traders who differ in beliefs only; the first is the ``margin-hike`` of the command line."""

UNLIKE: dict[str, tuple[float, float]] = {
    "heterogeneous": (0.5, 200.0),
    "heterogeneous, special": (20.0, 400.0),
}
"""Traders who differ in everything: the largest incomes in states U and D. In the first nobody
holds only cash, so that a round reads every row; in the second the repo rate is far below zero."""

COMPILED = ", compiled"
"""Ending of the name of a heterogeneous economy whose orders are added up by numba."""

FAMILIES = (*ALIKE, *UNLIKE)


def economy(
    family: str,
    traders: int,
    *,
    haircut: float = HAIRCUT,
    start: str | dict[str, float] = "primitives",
) -> RepoEconomy:
    """One economy of a family.

    Where traders differ, cash and securities are spread evenly over [.2, 1.8] and incomes from
    zero to the largest, all independently.
    """
    compiled = family.endswith(COMPILED)
    family = family.removesuffix(COMPILED)
    made = Economy(RepoMarket(SECURITY), rng=SEED, start=start)
    RepoClearingHouse(made, FlatMargin(haircut))
    if family in ALIKE:
        fields = dict(ALIKE[family])
    else:
        rng = np.random.default_rng(SEED)
        most_up, most_down = UNLIKE[family]
        fields = {
            "cash": rng.uniform(0.2, 1.8, traders),
            "securities": rng.uniform(0.2, 1.8, traders),
            "income_up": rng.uniform(0.0, most_up, traders),
            "income_down": rng.uniform(0.0, most_down, traders),
        }
    Traders(made, members=traders, compiled=compiled, **fields)
    return made


def with_compiled(families: Sequence[str]) -> list[str]:
    """Return the families, those whose orders numba can add up a second time if it is there."""
    try:
        compiled_order_sums()
    except ValueError:
        return list(families)
    return [*families, *(f"{family}{COMPILED}" for family in families if family in UNLIKE)]


def cohort(made: RepoEconomy) -> Traders:
    """The one cohort of such an economy."""
    (traders,) = made.cohorts
    assert isinstance(traders, Traders)
    return traders


def start_again(made: RepoEconomy) -> None:
    """Go back to the first quotes; what the market learnt about its traders stays."""
    made.announce()
    made.quotes = dict(made.market.first_quotes())


def same_round(made: RepoEconomy) -> Callable[[], None]:
    """Return a round that can be repeated: from the state that the adjuster is in now."""
    state = made.adjustment

    def repeat() -> None:
        made.adjustment = state
        made.step()

    return repeat
