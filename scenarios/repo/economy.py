"""The economy of ``margin-hike``: its parameters, and how it is made from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from agents.beliefs import Beliefs
from agents.repo.clearing_house import CARRY_NEEDS_REUSE, RepoClearingHouse
from agents.repo.traders import Traders
from markets.adjustment.nested import NestedTatonnement
from markets.adjustment.outermost import OutermostTatonnement
from markets.adjustment.rule import Adjuster
from markets.adjustment.safeguarded import SafeguardedTatonnement
from markets.instruments import Security
from markets.margin import FlatMargin, MarginRule, PostedMargin
from markets.quote import FloatArray
from markets.refused import Refused
from markets.repo.book import RepoBook
from markets.repo.market import RepoMarket
from markets.repo.quotes import NO_MARGIN, RepoQuotes
from simulator.economy import Economy
from simulator.margin_settings import MARGIN, MarginSettings
from simulator.memory import Extent
from simulator.parameters import Parameters, about
from simulator.population.members import (
    AMOUNT,
    DrawnBeliefs,
    GivenAmount,
    GivenMembers,
    correlation_parameter,
    is_drawn,
    members_parameter,
    populate,
    table_of,
)
from simulator.population.table import Column

PRESET_INCOME = 1_000.0
"""Income at date 1 of traders on the side that margin, not solvency, is to constrain (the sources'
captions ask for at least 107.6 at a haircut of 1%)."""

LAST_RESORT = 2_000
"""Rounds of the last resort where the haircut follows the price: a market inside another, inside
the haircut's."""

Haircut = Annotated[float, Field(ge=0.0, lt=1.0)]

SHOWN = 31
"""Columns of the table of traders, at most."""

COLUMNS = (
    Column("belief", "probability", "probability given to the low payoff", 0.0, 1.0,
           open_low=True, open_high=True),
    Column("cash", "cash", "cash at date 0", 0.0),
    Column("securities", "securities", "securities at date 0", 0.0),
    Column("income_up", "cash", "income at date 1 in state U", 0.0),
    Column("income_down", "cash", "income at date 1 in state D", 0.0),
)  # fmt: skip
"""What sets traders apart; a table of members may have these columns."""


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
    margin: MarginSettings | None = about(
        "margin rule that sets the haircut at each date, in place of haircuts", "", MARGIN,
        default=None,
    )  # fmt: skip
    dates: int = about("number of dates under margin", "dates", default=10, ge=1, le=100_000)
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
    carry: bool = about(
        "whether traders carry positions, gains and losses from date to date; if not, every date"
        " starts from the same endowments",
        default=False,
    )
    beliefs: DrawnBeliefs = about(
        "probabilities that traders give to the low payoff",
        "probability",
        '"uniform" or "beta(a, b)", whose quantiles are spread over the traders; a distribution to'
        ' draw from, such as "beta(a=2, b=3)"; or a list of probabilities strictly between 0 and 1',
        default="uniform",
    )
    cash: GivenAmount = about("cash of each trader at date 0", "cash", AMOUNT, default=1.0)
    securities: GivenAmount = about(
        "securities of each trader at date 0", "securities", AMOUNT, default=1.0
    )
    income_up: GivenAmount | None = about(
        "income of each trader at date 1 in state U", "cash", AMOUNT, default=None
    )
    income_down: GivenAmount | None = about(
        "income of each trader at date 1 in state D", "cash", AMOUNT, default=None
    )
    members: GivenMembers = members_parameter(COLUMNS)
    correlation: dict[str, float] = correlation_parameter()
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
        if self.carry and not self.reuse:
            raise ValueError(f"carry is true and reuse is false: {CARRY_NEEDS_REUSE}")
        if self.carry and self.margin is None and min(self.haircuts) <= NO_MARGIN:
            raise ValueError(
                f"haircuts contains {min(self.haircuts)} and carry is true; where positions are"
                " carried every haircut must be above 0, since nobody is called without margin"
            )
        if self.members is None and not self.drawn:
            self._refuse_apart()
        return self

    def _refuse_apart(self) -> None:
        """Refuse listed traders who can't trade together."""
        if self.population == "continuum":
            Beliefs(self.beliefs).refuse_ties()
        for name, value in self.fields.items():
            if isinstance(value, list) and len(value) not in (1, self.count):
                raise ValueError(
                    f"{name} has {len(value)} entries; it must be one number or a list of"
                    f" {self.count}, one per trader"
                )
        if np.sum(np.asarray(self.securities, dtype=np.float64)) <= 0.0:
            raise ValueError(
                f"securities is {self.securities}; somebody must own some of the security"
            )

    def adjuster(self, pace: float | FloatArray) -> Adjuster:
        """The rule chosen; the default one ends up clearing one market inside the other.

        Few traders whose orders are many times the supply make steps that nothing else gets over.
        A haircut that follows the price is a third market, outside both.
        """
        made = super().adjuster(pace)
        if not isinstance(made, SafeguardedTatonnement):
            return made
        nested = replace(made, last_resort=NestedTatonnement())
        if self.follows:
            return replace(
                made, last_resort=OutermostTatonnement(nested), last_resort_rounds=LAST_RESORT
            )
        return nested

    def extent(self) -> Extent:
        """Traders are kept at every date."""
        dates, by = len(self.haircuts), "haircuts"
        if self.margin is not None:
            dates, by = self.dates, "dates"
        return Extent(self.count, dates, dates, SHOWN, ("traders", by))

    @property
    def follows(self) -> bool:
        """Whether the haircut follows the posted price."""
        if self.margin is None:
            return False
        every_round = self.margin.every_round
        return self.charging[0].every_round if every_round is None else every_round

    @property
    def charging(self) -> list[MarginRule]:
        """The margin rule of each date."""
        if self.margin is not None:
            return [self.margin.make()] * self.dates
        return [FlatMargin(haircut) for haircut in self.haircuts]

    @property
    def count(self) -> int:
        """Number of traders: that of the beliefs if they are listed."""
        return len(self.beliefs) if isinstance(self.beliefs, list) else self.traders

    @property
    def fields(self) -> dict[str, float | list[float] | str]:
        """What the parameters give of endowments and incomes."""
        up, down = self.incomes
        given = {"cash": self.cash, "securities": self.securities}
        return {**given, "income_up": up, "income_down": down}

    @property
    def drawn(self) -> bool:
        """Whether something of the traders is drawn at random."""
        return any(is_drawn(value) for value in (self.beliefs, *self.fields.values()))

    @property
    def incomes(self) -> tuple[float | list[float] | str, float | list[float] | str]:
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
        return self.members is None and all(
            isinstance(value, (int, float)) for value in self.fields.values()
        )

    @property
    def has_closed_form(self) -> bool:
        """Whether the source's equations, those of a continuum, apply."""
        if not self.homogeneous or self.drawn or self.cash == 0.0:
            return False
        return Beliefs(self.beliefs).named or self.population == "continuum"


def build(
    parameters: MarginHike, rng: np.random.Generator
) -> Economy[PostedMargin, RepoQuotes, RepoBook]:
    """Make the economy as it stands at the first date.

    Raises
    ------
    Refused
        If given or drawn traders can't trade together.
    """
    security = Security(parameters.low_payoff, parameters.high_payoff)
    settings, rule = parameters.margin, parameters.charging[0]
    every_round = None if settings is None else settings.every_round
    market = RepoMarket(
        security,
        reuse=parameters.reuse,
        margin_follows=parameters.follows,
    )
    economy = Economy(
        market,
        adjuster=parameters.adjuster(market.pace),
        rng=rng,
        start=parameters.start,
        linked=parameters.carry,
    )
    RepoClearingHouse(
        economy,
        rule,
        every_round=every_round,
        history=None if settings is None else settings.past(),
    )
    Traders(economy, "traders", population=parameters.population, **_traders(parameters, rng))
    return economy


def _traders(parameters: MarginHike, rng: np.random.Generator) -> dict[str, Any]:
    """The traders' fields: given one by one, by the parameters, or drawn.

    Raises
    ------
    Refused
        If they can't trade together.
    """
    table = table_of(parameters.members, COLUMNS)
    if table is None and not parameters.drawn and not parameters.correlation:
        fields: dict[str, Any] = dict(parameters.fields)
        return {"beliefs": parameters.beliefs, "members": parameters.count, **fields}
    spread = isinstance(parameters.beliefs, str) and not is_drawn(parameters.beliefs)
    columns = (
        COLUMNS[1:] if spread and "belief" not in (table if table is not None else ()) else COLUMNS
    )
    values = {"belief": parameters.beliefs, **parameters.fields}
    if table is not None and len(table) < 2:
        raise Refused("members has one row; a market needs at least two traders")
    made = populate(table, values, parameters.count, columns, parameters.correlation, rng)
    fields = dict(made.fields)
    beliefs = fields.pop("belief", parameters.beliefs)
    return {"beliefs": beliefs, "members": made.count, "names": made.names, **fields}


def number(value: float | list[float] | str | FloatArray) -> float:
    """A parameter that is one number."""
    return float(np.ravel(np.asarray(value, dtype=np.float64))[0])
