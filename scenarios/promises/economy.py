"""The economy of collateralised promises and its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from pydantic import field_validator, model_validator

from agents.promises.believers import Believers
from agents.promises.clearing_house import CollateralClearingHouse
from agents.promises.state_believers import StateBelievers
from agents.promises.state_continuum import StateContinuum
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
from simulator.economy import Economy
from simulator.memory import Extent
from simulator.parameters import Parameters, about
from simulator.population.believers import Amount, BelieverParameters, Traders, traders_of

TREMBLING = 2_000
"""Most single traders who tremble, each on its own, on any menu; more of them meet on the line of
beliefs where they can."""

LOANS = 8
"""Most loans among which many single traders meet on the line of beliefs."""

MARKETS = ("none", "borrowing", "tranching", "default-swaps")
"""What can be traded beside the asset, from no credit to complete markets."""


SHOWN = 25
"""Columns of the table of traders, at most."""


class CollateralEquilibrium(BelieverParameters):
    """Parameters of the scenario ``collateral-equilibrium``."""

    assets: Literal["none", "borrowing", "tranching", "default-swaps", "loans-and-swaps", "all"] = (
        about(
            "what can be traded beside the asset: nothing, loans against it, its tranches, default"
            " swaps as well, loans and default swaps; or the first four side by side",
            default="all",
        )
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

    @field_validator("low_payoff", mode="before")
    @classmethod
    def _one_date(cls, given: Any) -> Any:
        """A single number is one date."""
        return [given] if isinstance(given, int | float) else given

    @model_validator(mode="after")
    def _together(self) -> CollateralEquilibrium:
        """Refuse payoffs in the wrong order, and promises that no asset could ever back."""
        for low in self.low_payoff:
            Security(low, self.high_payoff)
            if low == 0.0 and self.assets in ("tranching", "default-swaps", "all"):
                raise ValueError(
                    "low_payoff is 0, so that there is no safe loan and no down tranche; assets is"
                    f' "{self.assets}" and can then be "none" or "borrowing" with promises'
                )
            loans = self.assets in ("borrowing", "loans-and-swaps")
            if low == 0.0 and loans and not self.promises:
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
        return self

    @property
    def markets(self) -> Sequence[str]:
        """The markets to run, one per case."""
        return MARKETS if self.assets == "all" else (self.assets,)

    def extent(self) -> Extent:
        """Traders are kept in every market after each kind of news; a continuum has few rows."""
        dates = len(self.markets) * len(self.low_payoff)
        members = self.number if self.population == "individuals" else 0
        return Extent(members, dates, dates, SHOWN, ("traders", "low_payoff"))

    def trembling(self, assets: str) -> bool:
        """Whether traders tremble; where they don't, they meet on the line of beliefs.

        They do where loans compete with swaps: lenders then stand between two marginal beliefs. And
        single traders where some loans are safe, some risky, and none promises the lowest payoff:
        who borrows safely and who riskily is then parted by a belief of its own, which no quote of
        a buyer names, so that excess demand jumps at it; or where loans are many.
        """
        if assets == "loans-and-swaps" or self.population == "continuum":
            return assets == "loans-and-swaps"
        return self.number <= TREMBLING or (assets == "borrowing" and self._apart)

    @property
    def _apart(self) -> bool:
        """Whether loans are many, or leave a gap around the lowest payoff at some date."""
        if len(self.promises) > LOANS:
            return True
        least, most = min(self.promises, default=0.0), max(self.promises, default=0.0)
        return any(least < low < most and low not in self.promises for low in self.low_payoff)

    def terms(self, assets: str, date: int) -> Menu | StateMenu:
        """What the clearing house announces in one of ``MARKETS``, at a date from 1."""
        menu = self.menu(assets, date)
        return StateMenu.after_news(menu) if self.trembling(assets) else menu

    def menu(self, assets: str, date: int) -> Menu:
        """The asset and what may be promised in one of ``MARKETS``, at a date from 1."""
        security = Security(self.low_payoff[date - 1], self.high_payoff)
        low, high = security.low_payoff, security.high_payoff
        contracts: list[Contract] = []
        if assets in ("borrowing", "loans-and-swaps") and self.promises:
            contracts = [loan(amount) for amount in self.promises]
        elif assets == "borrowing":
            contracts = [
                loan(0.5 * low, "loan_half"),
                loan(low, "loan_low"),
                loan(0.5 * (low + high), "loan_risky"),
            ]
        elif assets == "loans-and-swaps":
            contracts = [loan(low, "loan_low")]
        elif assets != "none":
            contracts = [down_tranche(security)]
            contracts += [default_swap(security)] if assets == "default-swaps" else []
        if assets == "loans-and-swaps":
            contracts.append(default_swap(security))
        return Menu.of(security, contracts)


AnyEconomy = (
    Economy[Menu, CollateralQuotes, CollateralBook] | Economy[StateMenu, StateQuotes, StateBook]
)


def build(
    parameters: CollateralEquilibrium,
    assets: str,
    rng: np.random.Generator | int = 0,
    traders: Traders | None = None,
) -> AnyEconomy:
    """Make the economy of one of ``MARKETS`` as it stands at the first date.

    Parameters
    ----------
    parameters : CollateralEquilibrium
        The parameters.
    assets : str
        What can be traded.
    rng : numpy.random.Generator or int
        The one source of randomness.
    traders : Traders, optional
        Those of the parameters, where they have been made.

    Raises
    ------
    Refused
        If given or drawn traders can't be used.
    """
    if traders is None:
        traders = traders_of(parameters, np.random.default_rng(rng))
    terms = parameters.terms(assets, 1)
    if isinstance(terms, StateMenu):
        trembling = trembling_economy(terms, parameters, rng)
        if parameters.population == "continuum":
            assert isinstance(traders.cash, float)
            assert isinstance(traders.asset, float)
            StateContinuum(
                trembling,
                beliefs=traders.beliefs,
                members=traders.members,
                cash=traders.cash,
                asset=traders.asset,
            )
            return trembling
        belief = traders.beliefs.members(traders.members)
        cash, asset = (np.full(belief.size, owned) for owned in (traders.cash, traders.asset))
        order = np.arange(belief.size)
        if traders.beliefs.values is not None:
            order = traders.beliefs.order(cash, asset)
        StateBelievers(
            trembling,
            chances=np.column_stack([belief, 1.0 - belief]),
            cash=cash[order],
            asset=asset[order],
            names=traders.names,
            given=order,
        )
        return trembling
    market = CollateralMarket(terms)
    economy = Economy(
        market, adjuster=parameters.adjuster(market.pace), rng=rng, start=parameters.start
    )
    CollateralClearingHouse(economy, terms)
    Believers(economy, population=parameters.population, **traders._asdict())
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
