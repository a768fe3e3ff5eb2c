"""The economy of ``default-waterfall``: its parameters, and how it is made from them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator

from agents.waterfall.clearing_house import WaterfallHouse
from agents.waterfall.members import NETS, Members
from agents.waterfall.outside_investors import OutsideInvestors
from markets.margin import FlatMargin, MarginRule
from markets.quote import FloatArray
from markets.refused import Refused
from markets.waterfall.market import WaterfallMarket
from markets.waterfall.quotes import WaterfallBook, WaterfallQuotes, WaterfallTerms
from simulator.data_file import DataFile
from simulator.economy import Economy
from simulator.margin_settings import MARGIN, MarginSettings
from simulator.names import unknown
from simulator.parameters import Parameters, about, rule_parameter
from simulator.population.members import TABLE, DrawnAmount, GivenMembers, populate, table_of
from simulator.population.table import Column
from simulator.price_paths import Law, draw_prices
from simulator.price_series import read_prices
from simulator.table_file import read_file

CASES = ("greatest", "least")
"""Equilibria, by the payments that are made in them."""

LAYERS = ("capital", "fund", "assessments", "gains")
"""Who bears what defaulters' own margin and contributions leave, in order."""

OF_SECURITY = re.compile(r"\s*(?:position|appetite|owned)\[(.+)\]\s*")

Change = Annotated[float, Field(gt=-1.0)]
Amount = Annotated[float, Field(ge=0.0)]
WaterfallEconomy = Economy[WaterfallTerms, WaterfallQuotes, WaterfallBook]


class DefaultWaterfall(Parameters):
    """Parameters of the scenario ``default-waterfall``."""

    members: GivenMembers = about(
        "members one by one. Columns: name; cash; income (cash at each date), 0 if not there;"
        " position[SECURITY] (long or short; each adds up to zero); appetite[SECURITY] (securities"
        " bought if the log price falls by one); owned[SECURITY] (own securities, sold to meet"
        " calls), 0 if not there",
        "", TABLE, default=None,
    )  # fmt: skip
    securities: list[str] | None = about(
        "names of the securities; those in the columns of members if these are given", "",
        'a list of names', default=None, min_length=1,
    )  # fmt: skip
    traders: int = about(
        "number of members who are drawn where none are given", "members", default=20, ge=2,
        le=1_000_000,
    )  # fmt: skip
    position_sd: float = about(
        "standard deviation of a drawn position", "securities", default=10.0, ge=0.0
    )
    cash: DrawnAmount = about(
        "cash of each member beyond margin and fund, where no column gives it", "cash",
        "a number of at least 0, or a distribution such as lognormal(mean=2, sd=1)",
        default="lognormal(mean=40, sd=40)",
    )  # fmt: skip
    income: DrawnAmount = about(
        "cash that each member earns by date, where no column gives it", "cash",
        "a number of at least 0, or a distribution", default=0.0,
    )  # fmt: skip
    appetite: DrawnAmount = about(
        "securities that each member would buy if the log price fell by one, where no column gives"
        " it", "securities", "a number of at least 0, or a distribution", default=40.0,
    )  # fmt: skip
    outside: Amount = about(
        "securities that investors outside the clearing house would buy if the log price fell by"
        " one", "securities", default=0.0,
    )  # fmt: skip
    debts: list[list[Amount]] = about(
        "what each member (row) owes each other one (column) at the first date, bilaterally; empty"
        " where nobody does", "cash", "a list of rows of numbers of at least 0", default=[],
    )  # fmt: skip
    price: float = about(
        "price of every security before the first date", "cash per security", default=100.0, gt=0.0
    )
    news: list[list[Change]] | DataFile | None = about(
        "relative change of what each security is worth, by date; or closing prices: a CSV or"
        " Parquet file with a column date and one per security, its first row the prices before the"
        " first date; drawn by the law if not given", "",
        "a list with a list of numbers above -1 by date, or the name of a file",
        default=[[-0.02, -0.01], [-0.10, 0.04], [0.03, 0.02]],
    )  # fmt: skip
    law: Law = about("where news is drawn: law of the prices", default="garch")
    dates: int = about("where news is drawn: number of dates", "dates", default=20, ge=1, le=10_000)
    volatility: float = about(
        "where news is drawn: standard deviation of a log return", "by date", default=0.02, ge=0.0
    )
    together: float = about(
        "where news is drawn: share of the variance that all securities have in common", "share",
        default=0.5, ge=0.0, le=1.0,
    )  # fmt: skip
    haircut: float = about(
        "initial margin as a share of the price, where margin names no rule", "share",
        default=0.05, ge=0.0, lt=1.0,
    )  # fmt: skip
    margin: MarginSettings | None = about(
        "margin rule, the same for every security, in place of haircut", "", MARGIN, default=None
    )
    stress: list[list[Change]] = about(
        "relative moves of the prices of all securities for which the default fund is sized, by"
        " scenario; empty for a fall and a rise of all by .15", "",
        "a list with a list of numbers above -1 by scenario", default=[],
    )  # fmt: skip
    cover: int = about(
        "number of members whose largest losses beyond margin the fund covers; 0 for no fund",
        "members", default=2, ge=0,
    )  # fmt: skip
    resized: bool = about("whether the fund is sized anew at every date", default=True)
    capital: float = about(
        "the house's own capital that stands before survivors' contributions", "cash",
        default=20.0, ge=0.0,
    )  # fmt: skip
    assessment_cap: float = about(
        "most that can be assessed on a survivor, as a multiple of its contribution", "multiple",
        default=1.0, ge=0.0,
    )  # fmt: skip
    layers: list[Literal["capital", "fund", "assessments", "gains"]] = about(
        "layers that bear losses after defaulters' own margin and contribution, in this order", "",
        'some of "capital", "fund", "assessments" and, last, "gains"', default=list(LAYERS),
    )  # fmt: skip
    recovered_cash: float = about(
        "share of its cash and income that a defaulter can still pay out", "share", default=1.0,
        ge=0.0, le=1.0,
    )  # fmt: skip
    recovered_inflow: float = about(
        "share of what else it receives that a defaulter can still pay out", "share", default=1.0,
        ge=0.0, le=1.0,
    )  # fmt: skip
    equilibrium: Literal["greatest", "least", "both"] = about(
        "which equilibrium: the one with most payments, found from full payment, the one with"
        " least, found from none, or both", default="both",
    )  # fmt: skip
    # a rate that jumps where a member fails has no slope that a rule could use
    rule: Any = rule_parameter("plain")

    @field_validator("securities")
    @classmethod
    def _of_members(cls, names: list[str] | None, info: ValidationInfo) -> list[str] | None:
        """The securities that members have, or two if nothing names any."""
        members = info.data.get("members")
        if names is None:
            names = ["rates", "credit"] if members is None else securities_in(members)
        if not names:
            raise ValueError(
                "members has no column of a security; positions stand in columns such as"
                " position[rates]"
            )
        if len(set(names)) < len(names):
            raise ValueError(f"securities are {', '.join(names)}; their names must differ")
        return names

    @model_validator(mode="after")
    def _together(self) -> Self:
        """Refuse lists of the wrong length, and a waterfall without its last layer."""
        count = len(self.names)
        for name in ("news", "stress"):
            rows = getattr(self, name)
            if not isinstance(rows, list):
                continue
            for row in rows:
                if len(row) != count:
                    raise ValueError(
                        f"{name} has {len(row)} numbers in a row; there are {count} securities,"
                        f" {', '.join(self.names)}"
                    )
        if self.news == []:
            raise ValueError("news is empty; it must have at least one date")
        order = [LAYERS.index(layer) for layer in self.layers]
        if order != sorted(set(order)) or not self.layers or self.layers[-1] != "gains":
            raise ValueError(
                f"layers is {self.layers}; losses beyond all others are borne by those who gain, so"
                f' it must end with "gains", in the order {", ".join(LAYERS)}'
            )
        if isinstance(self.news, DataFile):
            self._prices_of(self.news)
        return self

    @property
    def names(self) -> list[str]:
        """Names of the securities."""
        assert self.securities is not None
        return self.securities

    def _prices_of(self, file: DataFile) -> FloatArray:
        """Closing prices of the securities in a file, shape (dates + 1, K)."""
        series = read_prices(file.path)
        for name in self.names:
            if name not in series.names:
                raise Refused(unknown(name, list(series.names), "security"))
        return series.prices[:, [series.names.index(name) for name in self.names]]

    def values(self, rng: np.random.Generator) -> FloatArray:
        """What securities are worth before the first date and at each one, (dates + 1, K)."""
        count = len(self.names)
        if isinstance(self.news, DataFile):
            prices = self._prices_of(self.news)
            return np.asarray(self.price * prices / prices[0])
        if self.news is not None:
            changes = 1.0 + np.array(self.news)
            grown = np.cumprod(changes, axis=0)
            return self.price * np.vstack([np.ones(count), grown])
        drawn = np.column_stack(
            [np.log(draw_prices(self.law, self.dates + 1, self.volatility, rng))
             for _ in range(count + 1)]
        )  # fmt: skip
        mixed = np.sqrt(self.together) * drawn[:, :1] + np.sqrt(1.0 - self.together) * drawn[:, 1:]
        return np.asarray(self.price * np.exp(mixed))

    def moves(self) -> FloatArray:
        """Stress scenarios, shape (scenarios, K)."""
        count = len(self.names)
        given = self.stress or [[-0.15] * count, [0.15] * count]
        return np.array(given, dtype=np.float64)

    @property
    def number(self) -> int:
        """Number of dates."""
        if isinstance(self.news, DataFile):
            return len(self._prices_of(self.news)) - 1
        return self.dates if self.news is None else len(self.news)

    @property
    def margin_rule(self) -> MarginRule:
        """The rule by which margin is charged on every security."""
        return FlatMargin(self.haircut) if self.margin is None else self.margin.make()

    @property
    def markets(self) -> Sequence[str]:
        """The cases to run."""
        return CASES if self.equilibrium == "both" else (self.equilibrium,)


class Clearing(NamedTuple):
    """Members as the economy is made from them; arrays with one row each."""

    names: list[str] | None
    cash: FloatArray
    income: FloatArray
    position: FloatArray
    appetite: FloatArray
    owned: FloatArray


def securities_in(members: DataFile | Mapping[str, object]) -> list[str]:
    """Securities that a table of members names, in the order of its columns."""
    header = read_file(members.path).columns if isinstance(members, DataFile) else list(members)
    found = [OF_SECURITY.fullmatch(str(name)) for name in header]
    return list(dict.fromkeys(match[1] for match in found if match))


def columns(securities: Sequence[str]) -> tuple[Column, ...]:
    """What sets members apart; a table of members may have these columns."""
    return (
        Column("cash", "cash", "cash beyond margin and fund", 0.0),
        Column("income", "cash", "cash that arrives at each date", 0.0),
        *(Column(f"position[{k}]", "securities", f"{k} cleared, long or short")
          for k in securities),
        *(Column(f"appetite[{k}]", "securities", f"{k} bought if the log price fell by one", 0.0)
          for k in securities),
        *(Column(f"owned[{k}]", "securities", f"own {k}, sold to meet calls", 0.0)
          for k in securities),
    )  # fmt: skip


def members_of(parameters: DefaultWaterfall, rng: np.random.Generator) -> Clearing:
    """The members: given one by one, or drawn so that positions net to zero.

    Raises
    ------
    Refused
        If they can't be used.
    """
    names = parameters.names
    known = columns(names)
    table = table_of(parameters.members, known)
    count = parameters.traders if table is None else len(table)
    values: dict[str, Any] = {"cash": parameters.cash, "income": parameters.income}
    for k in names:
        values |= {f"position[{k}]": 0.0, f"owned[{k}]": 0.0, f"appetite[{k}]": parameters.appetite}
    if table is None:
        drawn = parameters.position_sd * rng.standard_normal((count, len(names)))
        drawn -= drawn.mean(axis=0)
        values |= {f"position[{k}]": drawn[:, j] for j, k in enumerate(names)}
    made = populate(table, values, count, known, {}, rng)
    position, appetite, owned = (
        made.several([f"{what}[{k}]" for k in names]) for what in ("position", "appetite", "owned")
    )
    for j, k in enumerate(names):
        net, long = float(position[:, j].sum()), float(np.maximum(position[:, j], 0.0).sum())
        if abs(net) > NETS * long:
            raise Refused(
                f"position[{k}] adds up to {net:g} over all members; cleared positions net to zero"
            )
    if owned.any() and appetite.any():
        raise Refused(
            "owned securities are sold to investors outside the house only; where members own some,"
            " appetite must be 0 and outside above 0"
        )
    return Clearing(made.names, made.each("cash"), made.each("income"), position, appetite, owned)


def build(
    parameters: DefaultWaterfall,
    case: str,
    values: FloatArray,
    members: Clearing,
    rng: np.random.Generator | int = 0,
) -> WaterfallEconomy:
    """Make the economy as it stands at the first date, whose news is already known.

    Parameters
    ----------
    parameters : DefaultWaterfall
        The parameters.
    case : {"greatest", "least"}
        Which equilibrium the rounds of each date start towards.
    values : array of shape (dates + 1, K)
        What securities are worth before the first date, and at each.
    members : Clearing
        The members.
    rng : numpy.random.Generator or int
        The one source of randomness.

    Raises
    ------
    Refused
        If debts do not fit the members.
    """
    count = members.cash.size
    debts = np.array(parameters.debts, dtype=np.float64) if parameters.debts else None
    if debts is not None and debts.shape != (count, count):
        raise Refused(f"debts has {len(debts)} rows; it must have one for each of {count} members")
    named = members.names or [str(k + 1) for k in range(count)]
    market = WaterfallMarket(
        parameters.names,
        values[0],
        named if debts is not None else (),
        paid=case == "greatest",
    )
    economy = Economy(
        market,
        adjuster=parameters.adjuster(market.pace),
        rng=rng,
        start=parameters.start,
        linked=True,
    )
    layers = parameters.layers
    cohort = Members(
        economy,
        position=members.position,
        cash=members.cash,
        income=members.income,
        appetite=members.appetite,
        owned=members.owned,
        debts=debts,
        assessment_cap=parameters.assessment_cap if "assessments" in layers else 0.0,
        recovered_cash=parameters.recovered_cash,
        recovered_inflow=parameters.recovered_inflow,
        names=members.names,
    )
    if parameters.outside > 0.0:
        OutsideInvestors(economy, np.full(len(parameters.names), parameters.outside))
    past = None if parameters.margin is None else parameters.margin.past()
    WaterfallHouse(
        economy,
        cohort,
        values[0],
        [parameters.margin_rule] * len(parameters.names),
        stress=parameters.moves(),
        capital=parameters.capital if "capital" in layers else 0.0,
        cover=parameters.cover if "fund" in layers else 0,
        resized=parameters.resized,
        history=None if past is None else [past] * len(parameters.names),
        path=values[1:],
    )
    return economy
