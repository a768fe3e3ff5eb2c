"""The economy of collateralised promises and its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from agents.beliefs import Beliefs
from agents.cohort import Population
from agents.promises.believers import Believers
from agents.promises.clearing_house import CollateralClearingHouse
from agents.promises.state_believers import StateBelievers
from markets.credit.contract import Contract
from markets.instruments import Security
from markets.promises.book import CollateralBook
from markets.promises.market import CollateralMarket
from markets.promises.menu import Menu, default_swap, down_tranche, loan
from markets.promises.narrowing import Narrowing
from markets.promises.quotes import CollateralQuotes
from markets.promises.state_market import StateMarket
from markets.promises.state_menu import StateMenu
from markets.promises.state_quotes import StateBook, StateQuotes
from markets.quote import FloatArray
from simulator.economy import Economy
from simulator.parameters import GivenBeliefs, Parameters, about

TREMBLING = 2_000
"""Most single traders who tremble, each on its own; more of them meet on the line of beliefs."""

MARKETS = ("none", "borrowing", "tranching", "default-swaps")
"""What can be traded beside the asset, from no credit to complete markets."""

Amount = Annotated[float, Field(gt=0.0)]
Endowment = Annotated[float, Field(ge=0.0)]


class LeverageCycle(Parameters):
    """Parameters of the scenario ``leverage-cycle``."""

    assets: Literal["none", "borrowing", "tranching", "default-swaps", "all"] = about(
        "what can be traded beside the asset: nothing, loans against it, its tranches, default"
        " swaps as well; or all four markets side by side",
        default="all",
    )
    low_payoff: list[float] = about(
        "payoff of the asset after bad news, at each date; a single number is one date",
        "cash", "a number of at least 0 and below high_payoff, or a list of them",
        default=[0.2, 0.1, 0.2], min_length=1,
    )  # fmt: skip
    high_payoff: float = about("payoff of the asset after good news", "cash", default=1.0, gt=0.0)
    promises: list[Amount] = about(
        "with borrowing: amounts that may be promised against one asset; empty for half of"
        " low_payoff, low_payoff itself, and midway between low_payoff and high_payoff",
        "cash", "a list of positive numbers below high_payoff", default=[],
    )  # fmt: skip
    beliefs: GivenBeliefs = about(
        "probabilities that traders give to good news", "probability",
        '"uniform", "beta(a, b)" or a list of probabilities strictly between 0 and 1',
        default="uniform",
    )  # fmt: skip
    cash: Amount | list[Endowment] = about(
        "cash of each trader", "cash",
        "a positive number, or a list with one number of at least 0 per trader", default=1.0,
    )  # fmt: skip
    asset: Amount | list[Endowment] = about(
        "assets of each trader", "assets",
        "a positive number, or a list with one number of at least 0 per trader", default=1.0,
    )  # fmt: skip
    traders: int = about("number of traders", "traders", default=100_000, ge=2, le=1_000_000)
    population: Population = about(
        "whether traders are finitely many, or a continuum", default="continuum"
    )

    @field_validator("low_payoff", mode="before")
    @classmethod
    def _one_date(cls, given: Any) -> Any:
        """A single number is one date."""
        return [given] if isinstance(given, int | float) else given

    @model_validator(mode="after")
    def _together(self) -> LeverageCycle:
        """Refuse payoffs in the wrong order, and promises that no asset could ever back."""
        for low in self.low_payoff:
            Security(low, self.high_payoff)
            if low == 0.0 and self.assets in ("tranching", "default-swaps", "all"):
                raise ValueError(
                    "low_payoff is 0, so that there is no safe loan and no down tranche; assets is"
                    f' "{self.assets}" and can then be "none" or "borrowing" with promises'
                )
            if low == 0.0 and self.assets == "borrowing" and not self.promises:
                raise ValueError(
                    "low_payoff is 0, so that nothing safe can be promised; name promises"
                )
        for amount in self.promises:
            if amount >= self.high_payoff:
                raise ValueError(
                    f"promises contains {amount}, which the asset never pays more than; a promise"
                    f" lies below high_payoff, {self.high_payoff}"
                )
            if self.promises.count(amount) > 1:
                raise ValueError(f"promises contains {amount} twice; promises differ")
        if self.population == "continuum":
            Beliefs(self.beliefs).refuse_ties()
        for name in ("cash", "asset"):
            self._one_each(name, getattr(self, name))
        return self

    def _one_each(self, name: str, owned: float | list[float]) -> None:
        """Refuse lists of endowments that do not fit the traders."""
        if not isinstance(owned, list):
            return
        if self.population == "continuum":
            raise ValueError(
                f'{name} is a list, one number per trader; set population to "individuals", since'
                " traders of a continuum all own the same"
            )
        if len(owned) != self.number:
            raise ValueError(f"{name} lists {len(owned)} numbers; there are {self.number} traders")
        if not any(owned):
            raise ValueError(f"{name} is 0 for every trader; somebody must own some")

    @property
    def markets(self) -> Sequence[str]:
        """The markets to run, one per case."""
        return MARKETS if self.assets == "all" else (self.assets,)

    @property
    def trembling(self) -> bool:
        """Whether traders tremble; a continuum and very many traders are a line of beliefs."""
        return self.population == "individuals" and self.number <= TREMBLING

    @property
    def chances(self) -> FloatArray:
        """Probabilities of good and bad news, one row per single trader, by rising belief."""
        belief = Beliefs(self.beliefs).members(self.number)
        return np.column_stack([belief, 1.0 - belief])

    def terms(self, assets: str, date: int) -> Menu | StateMenu:
        """What the clearing house announces in one of ``MARKETS``, at a date from 1."""
        menu = self.menu(assets, date)
        return StateMenu.after_news(menu) if self.trembling else menu

    def owned(self, name: str) -> FloatArray:
        """Cash or assets of each single trader, in the order of ``chances``."""
        owned = np.broadcast_to(np.asarray(getattr(self, name), dtype=np.float64), self.number)
        if isinstance(self.beliefs, str):
            return owned
        cash, asset = (
            np.broadcast_to(np.asarray(getattr(self, n), dtype=np.float64), self.number)
            for n in ("cash", "asset")
        )
        return owned[Beliefs(self.beliefs).order(cash, asset)]

    @property
    def number(self) -> int:
        """Number of traders."""
        return self.traders if isinstance(self.beliefs, str) else len(self.beliefs)

    def menu(self, assets: str, date: int) -> Menu:
        """The asset and what may be promised in one of ``MARKETS``, at a date from 1."""
        security = Security(self.low_payoff[date - 1], self.high_payoff)
        low, high = security.low_payoff, security.high_payoff
        contracts: list[Contract] = []
        if assets == "borrowing" and self.promises:
            contracts = [loan(amount) for amount in self.promises]
        elif assets == "borrowing":
            contracts = [
                loan(0.5 * low, "loan_half"),
                loan(low, "loan_low"),
                loan(0.5 * (low + high), "loan_risky"),
            ]
        elif assets != "none":
            contracts = [down_tranche(security)]
            contracts += [default_swap(security)] if assets == "default-swaps" else []
        return Menu.of(security, contracts)


AnyEconomy = (
    Economy[Menu, CollateralQuotes, CollateralBook] | Economy[StateMenu, StateQuotes, StateBook]
)


def build(
    parameters: LeverageCycle,
    assets: str,
    rng: np.random.Generator | int = 0,
) -> AnyEconomy:
    """Make the economy of one of ``MARKETS`` as it stands at the first date."""
    terms = parameters.terms(assets, 1)
    if isinstance(terms, StateMenu):
        trembling = trembling_economy(terms, parameters, rng)
        StateBelievers(
            trembling,
            chances=parameters.chances,
            cash=parameters.owned("cash"),
            asset=parameters.owned("asset"),
        )
        return trembling
    market = CollateralMarket(terms)
    economy = Economy(
        market, adjuster=parameters.adjuster(market.pace), rng=rng, start=parameters.start
    )
    CollateralClearingHouse(economy, terms)
    Believers(
        economy,
        beliefs=parameters.beliefs,
        members=parameters.number,
        cash=parameters.cash,
        asset=parameters.asset,
        population=parameters.population,
    )
    return economy


def trembling_economy(
    menu: StateMenu, parameters: Parameters, rng: np.random.Generator | int
) -> Economy[StateMenu, StateQuotes, StateBook]:
    """Market and clearing house of traders who tremble; their cohorts are still to come.

    The default rule follows clearing quotes while the tremble falls; others may be chosen.
    """
    market = StateMarket(menu)
    default = parameters.rule == "safeguarded"
    adjuster = Narrowing() if default else parameters.adjuster(market.pace)
    economy = Economy(market, adjuster=adjuster, rng=rng, start=parameters.start)
    CollateralClearingHouse(economy, menu)
    return economy
