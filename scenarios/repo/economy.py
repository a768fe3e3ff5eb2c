"""The economy of ``margin-hike``: its parameters, and how it is made from them."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from agents.beliefs import Beliefs
from agents.repo.clearing_house import RepoClearingHouse
from agents.repo.traders import Traders
from markets.instruments import Security
from markets.margin import FlatMargin
from markets.quote import FloatArray
from markets.repo.book import RepoBook
from markets.repo.market import RepoMarket
from markets.repo.quotes import RepoQuotes
from simulator.economy import Economy
from simulator.parameters import GivenBeliefs, Parameters, about

PRESET_INCOME = 1_000.0
"""Income at date 1 of traders on the side that margin, not solvency, is to constrain (the sources'
captions ask for at least 107.6 at a haircut of 1%)."""

Haircut = Annotated[float, Field(ge=0.0, lt=1.0)]
Amount = Annotated[float, Field(ge=0.0)]


class MarginHike(Parameters):
    """Parameters of the scenario ``margin-hike``."""

    market: Literal["short", "long"] = about(
        "preset of the incomes: in a short market the longs, in a long market the shorts are"
        " constrained by solvency; income_up and income_down override it",
        default="short",
    )
    haircuts: list[Haircut] = about(
        "haircut that the clearing house announces at each date",
        "share of a position's value",
        "a list of at least one haircut in [0, 1)",
        default=[0.01, 0.03],
        min_length=1,
    )
    low_payoff: float = about(
        "payoff of the security in state U", "cash", "a number in [0, high_payoff)",
        default=0.70, ge=0.0,
    )  # fmt: skip
    high_payoff: float = about(
        "payoff of the security in state D", "cash", "a number above low_payoff",
        default=1.15, gt=0.0,
    )  # fmt: skip
    reuse: bool = about(
        "whether collateral may be reused: a lender may sell what was pledged to it, and so be"
        " short; if not, nobody can",
        default=True,
    )
    beliefs: GivenBeliefs = about(
        "probabilities that traders give to the low payoff",
        "probability",
        '"uniform", "beta(a, b)" or a list of probabilities strictly between 0 and 1',
        default="uniform",
    )
    cash: Amount | list[Amount] = about(
        "cash of each trader at date 0", "cash",
        "a number of at least 0, or a list with one per trader", default=1.0,
    )  # fmt: skip
    securities: Amount | list[Amount] = about(
        "securities of each trader at date 0", "securities",
        "a number of at least 0, or a list with one per trader", default=1.0,
    )  # fmt: skip
    income_up: Amount | list[Amount] | None = about(
        "income of each trader at date 1 in state U", "cash",
        "a number of at least 0, or a list with one per trader", default=None,
    )  # fmt: skip
    income_down: Amount | list[Amount] | None = about(
        "income of each trader at date 1 in state D", "cash",
        "a number of at least 0, or a list with one per trader", default=None,
    )  # fmt: skip
    traders: int = about(
        "number of traders (or of slices of the continuum)", "traders",
        "a whole number of at least 2", default=10_000, ge=2,
    )  # fmt: skip
    population: Literal["individuals", "continuum"] = about(
        "whether a member is one trader or a slice of a continuum of traders",
        default="individuals",
    )

    @model_validator(mode="after")
    def _together(self) -> MarginHike:
        """Refuse payoffs in the wrong order and lists of the wrong length."""
        Security(self.low_payoff, self.high_payoff)
        if self.population == "continuum":
            Beliefs(self.beliefs).refuse_ties()
        members = self.members
        for name in ("cash", "securities", "income_up", "income_down"):
            value = getattr(self, name)
            if isinstance(value, list) and len(value) not in (1, members):
                raise ValueError(
                    f"{name} has {len(value)} entries; it must be one number or a list of"
                    f" {members}, one per trader"
                )
        if np.sum(self.securities) <= 0.0:
            raise ValueError(
                f"securities is {self.securities}; somebody must own some of the security"
            )
        return self

    @property
    def members(self) -> int:
        """Number of members: that of the beliefs if they are listed."""
        return len(self.beliefs) if isinstance(self.beliefs, list) else self.traders

    @property
    def incomes(self) -> tuple[float | list[float], float | list[float]]:
        """Incomes in states U and D, the preset where none is given."""
        preset_up, preset_down = (
            (0.0, PRESET_INCOME) if self.market == "short" else (PRESET_INCOME, 0.0)
        )
        return (
            preset_up if self.income_up is None else self.income_up,
            preset_down if self.income_down is None else self.income_down,
        )

    @property
    def homogeneous(self) -> bool:
        """Whether traders differ in beliefs only."""
        fields = (self.cash, self.securities, *self.incomes)
        return not any(isinstance(field, list) for field in fields)

    @property
    def has_closed_form(self) -> bool:
        """Whether the source's equations, those of a continuum, apply."""
        named = Beliefs(self.beliefs).named or self.population == "continuum"
        return self.homogeneous and named and self.cash != 0.0


def build(parameters: MarginHike, rng: np.random.Generator) -> Economy[float, RepoQuotes, RepoBook]:
    """Make the economy as it stands at the first date."""
    security = Security(parameters.low_payoff, parameters.high_payoff)
    market = RepoMarket(security, reuse=parameters.reuse)
    economy = Economy(
        market, adjuster=parameters.adjuster(market.pace), rng=rng, start=parameters.start
    )
    RepoClearingHouse(economy, FlatMargin(parameters.haircuts[0]))
    income_up, income_down = parameters.incomes
    Traders(
        economy,
        "traders",
        beliefs=parameters.beliefs,
        members=parameters.members,
        cash=parameters.cash,
        securities=parameters.securities,
        income_up=income_up,
        income_down=income_down,
        population=parameters.population,
    )
    return economy


def number(value: float | list[float] | FloatArray) -> float:
    """A parameter that is one number."""
    return float(np.ravel(value)[0])
