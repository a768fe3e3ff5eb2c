"""Who borrows from whom against what, and what that does to the price.

Scenario ``leverage-cycle``, after Brunnermeier, Eisenbach and Sannikov, survey of macroeconomics
with financial frictions, section 3.3, which follows Geanakoplos (1997, 2003). The model and its
symbols are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pydantic import Field, field_validator, model_validator

from agents.beliefs import Beliefs
from agents.cohort import Population
from agents.promises.believers import Believers
from agents.promises.clearing_house import CollateralClearingHouse
from markets.credit.contract import Contract
from markets.instruments import Security
from markets.promises.market import CollateralMarket
from markets.promises.menu import Menu, default_swap, down_tranche, loan, owed_in_cash
from markets.quote import FloatArray
from scenarios.promises import closed_form as theory
from scenarios.promises import figures
from scenarios.promises.certificate import Promise, certify
from scenarios.promises.page import PAGE
from scenarios.promises.sides import Sides, instrument_table, side_table
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.parameters import GivenBeliefs, Parameters, about, parse
from simulator.point import Case, RestingPoint
from simulator.run import Run, simulate
from simulator.scenario import Scenario

SOURCE = (
    "Brunnermeier, Eisenbach and Sannikov, Macroeconomics with financial frictions: a survey,"
    " section 3.3, after Geanakoplos (1997, 2003)"
)

Assets = Literal["none", "borrowing", "tranching", "default-swaps"]

EVERY: tuple[Assets, ...] = ("none", "borrowing", "tranching", "default-swaps")
"""From no credit to complete markets."""

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
        "payoff of the asset after bad news, at each date; one number is one date",
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
        "a positive number, or a list of one number of at least 0 a trader", default=1.0,
    )  # fmt: skip
    asset: Amount | list[Endowment] = about(
        "assets of each trader", "assets",
        "a positive number, or a list of one number of at least 0 a trader", default=1.0,
    )  # fmt: skip
    traders: int = about("number of traders", "traders", default=100_000, ge=2, le=1_000_000)
    population: Population = about(
        "whether each trader is one of many, or all are a continuum", default="continuum"
    )

    @field_validator("low_payoff", mode="before")
    @classmethod
    def _one_date(cls, given: Any) -> Any:
        """One number is one date."""
        return [given] if isinstance(given, int | float) else given

    @model_validator(mode="after")
    def _together(self) -> LeverageCycle:
        """Refuse payoffs in the wrong order, and promises that no asset could ever back."""
        for low in self.low_payoff:
            Security(low, self.high_payoff)
            if low == 0.0 and self.assets in ("tranching", "default-swaps", "all"):
                raise ValueError(
                    "low_payoff is 0, which leaves nothing to lend or to cut off; assets is"
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
                f'{name} is a list, one number a trader; set population to "individuals", since'
                " traders of a continuum all own the same"
            )
        if len(owned) != self.number:
            raise ValueError(f"{name} lists {len(owned)} numbers; there are {self.number} traders")
        if not any(owned):
            raise ValueError(f"{name} is 0 for every trader; somebody must own some")

    @property
    def markets(self) -> Sequence[Assets]:
        """The markets to run, one a case."""
        return EVERY if self.assets == "all" else (self.assets,)

    @property
    def number(self) -> int:
        """Number of traders."""
        return self.traders if isinstance(self.beliefs, str) else len(self.beliefs)

    def menu(self, assets: Assets, date: int) -> Menu:
        """The asset and what may be promised, at a date from 1."""
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


def build(
    parameters: LeverageCycle,
    assets: Assets,
    rng: np.random.Generator | int = 0,
    first_quotes: dict[str, float] | None = None,
) -> Economy:
    """Make the economy as it stands at the first date."""
    menu = parameters.menu(assets, 1)
    economy = Economy(CollateralMarket(menu), rng=rng, first_quotes=first_quotes)
    CollateralClearingHouse(economy, menu)
    Believers(
        economy,
        beliefs=parameters.beliefs,
        members=parameters.number,
        cash=parameters.cash,
        asset=parameters.asset,
        population=parameters.population,
    )
    return economy


def cases(parameters: LeverageCycle) -> list[Case]:
    """One economy a market, taken through what the asset may pay."""
    dates = range(1, len(parameters.low_payoff) + 1)
    return [
        Case(
            assets,
            partial(build, parameters, assets),
            [{"menu": parameters.menu(assets, date)} for date in dates],
        )
        for assets in parameters.markets
    ]


def describe(
    parameters: LeverageCycle, economy: Economy, resting: RestingPoint
) -> Mapping[str, Any]:
    """Who is marginal, what buyers of the asset put down, and what each promise does."""
    menu = parameters.menu(_assets(resting), resting.date)
    found = Sides.of(resting.agents, resting.quotes, menu)
    margin = found.margin()
    table = instrument_table(found, resting.quotes, menu)
    return {
        "low_payoff": menu.security.low_payoff,
        "marginal_buyer": found.marginal_buyer(),
        "marginal_short": found.marginal_short(),
        "margin": margin,
        "leverage": 1.0 / margin,
        "instruments": {row.pop("instrument"): row for row in table.to_dict("records")},
    }


def closed_form(parameters: LeverageCycle, resting: RestingPoint) -> Mapping[str, float] | None:
    """The equilibrium of the continuum by the equations; None where there are none."""
    assets = _assets(resting)
    if isinstance(parameters.cash, list) or isinstance(parameters.asset, list):
        return None
    menu = parameters.menu(assets, resting.date)
    low, high = menu.security.low_payoff, menu.security.high_payoff
    traders = theory.Believers(
        Beliefs(parameters.beliefs).below, parameters.cash, parameters.asset, high, low
    )
    owed = {c.name: owed_in_cash(c)[0] for c in menu.contracts}
    if assets in ("none", "borrowing"):
        safe = max([amount for amount in owed.values() if amount <= low], default=0.0)
        if safe < low and max(owed.values(), default=0.0) > low:
            return None
        found = theory.borrowing(traders, safe)
        worth = {
            name: found.buyer * amount + (1.0 - found.buyer) * min(amount, low)
            for name, amount in owed.items()
        }
    else:
        swapped = assets == "default-swaps"
        found = theory.default_swaps(traders) if swapped else theory.tranching(traders)
        worth = {"down_tranche": low * (1.0 - found.short)}
        worth |= {"default_swap": (high - low) * (1.0 - found.short)} if swapped else {}
    return {
        "asset_price": found.price,
        **{f"price_{name}": price for name, price in worth.items()},
        "marginal_buyer": found.buyer,
        **({} if np.isnan(found.short) else {"marginal_short": found.short}),
        "margin": found.margin,
    }


def certified(parameters: LeverageCycle, resting: RestingPoint) -> Certificate:
    """The certificate of a resting point, from its table of positions."""
    menu = parameters.menu(_assets(resting), resting.date)
    return certify(
        agents=resting.agents,
        quotes=resting.quotes,
        payoff=(menu.security.high_payoff, menu.security.low_payoff),
        promises=[
            Promise(c.name, owed_in_cash(c), float(c.collateral[1]), float(c.collateral[0]))
            for c in menu.contracts
        ],
        below=_below(parameters, resting.agents),
    )


def _below(parameters: LeverageCycle, agents: pd.DataFrame) -> FloatArray | None:
    """Number of traders below both ends of every row, by the distribution of beliefs."""
    if not isinstance(parameters.beliefs, str):
        return None
    beliefs = Beliefs(parameters.beliefs)
    low, high = (
        parameters.number * np.array([beliefs.below(b) for b in agents[end].tolist()])
        for end in ("belief_low", "belief_high")
    )
    # a single trader stands in the middle of its slice
    half = 0.0 if parameters.population == "continuum" else 0.5
    return np.stack([low - half, high + half], axis=1)


def _assets(resting: RestingPoint) -> Assets:
    """The market of a case; the case is named after it."""
    return next(assets for assets in EVERY if assets == resting.case)


def _by_date(
    run: Run, table: Callable[[Sides, Mapping[str, float], Menu], pd.DataFrame]
) -> pd.DataFrame:
    """A table of every case and date, one below the other."""
    parameters = run.parameters
    assert isinstance(parameters, LeverageCycle)
    tables = []
    for row, (assets, date) in enumerate(zip(run.dates["case"], run.dates["date"], strict=True)):
        here = (run.agents["case"] == assets) & (run.agents["date"] == date)
        quotes, menu = run.quotes(row), parameters.menu(assets, int(date))
        part = table(Sides.of(run.agents[here], quotes, menu), quotes, menu)
        part.insert(0, "case", assets)
        part.insert(1, "date", date)
        tables.append(part)
    return pd.concat(tables, ignore_index=True)


def sides(run: Run) -> pd.DataFrame:
    """Who is long, lends, keeps cash and is short, at every date: a row a side."""
    return _by_date(run, side_table)


def drawn(run: Run) -> Mapping[str, Figure]:
    """The figures of a run."""
    drawings = {
        "marginal_buyers": figures.line_of_beliefs(sides(run), run.dates),
        "quotes_by_round": figures.rounds(run.rounds, run.dates),
    }
    if len(run.dates) > run.dates["case"].nunique():
        drawings["margin_by_date"] = figures.by_date(run.dates)
    return drawings


SCENARIO = Scenario(
    name="leverage-cycle",
    summary="what may be promised against an asset decides its margin and its price",
    source=SOURCE,
    parameters=LeverageCycle,
    cases=cases,
    describe=describe,
    closed_form=closed_form,
    certify=certified,
    figures=drawn,
    report=sides,
    tables=lambda run: {"instruments": _by_date(run, instrument_table)},
    headline=("low_payoff", "marginal_buyer", "margin"),
    page=PAGE,
)


def run(*, seed: int = 0, **parameters: Any) -> Run:
    """Run the scenario from Python; see :class:`LeverageCycle` for the parameters.

    Raises
    ------
    ValueError
        If a parameter is unknown or outside what is allowed.
    """
    return simulate(SCENARIO, parse(LeverageCycle, parameters), seed=seed)
