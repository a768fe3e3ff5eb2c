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
from simulator.memory import Extent
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

DRAWN = 20
"""Number of dates where news is drawn and nothing else is said."""

STRESS = 0.1
"""Relative fall and rise of all prices for which the fund is sized, where nothing else is said."""

OF_SECURITY = re.compile(r"\s*(?:position|appetite|owned)\[(.+)\]\s*")

MATTERS = 1e-12
"""Largest number of a direction of stress that counts as none."""

Change = Annotated[float, Field(gt=-1.0)]
Amount = Annotated[float, Field(ge=0.0)]
WaterfallEconomy = Economy[WaterfallTerms, WaterfallQuotes, WaterfallBook]


class Membership(NamedTuple):
    """What members are and own before the first date; arrays with one row each."""

    names: list[str] | None
    cash: FloatArray
    income: FloatArray
    position: FloatArray
    appetite: FloatArray
    owned: FloatArray


MOST_ROWS = 200_000
"""Rows up to which members are kept at every date."""

SHOWN, SHOWN_EACH = 40, 10
"""Columns of the table of members, at most, and those that each security adds."""


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
        default="lognormal(mean=150, sd=100)",
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
        "price of every security before the first date, unless news is a file",
        "cash per security",
        default=100.0,
        gt=0.0,
    )
    news: list[Change | list[Change]] | Literal["drawn"] | DataFile = about(
        "relative change of what all securities, or each, are worth, by date; or closing prices: a"
        " CSV or Parquet file with a column date and one per security; or drawn by the law",
        "share",
        'a list with a number above -1, or a list of them, by date; "drawn"; or the name of a file',
        default=[-0.02, -0.1, 0.03],
    )  # fmt: skip
    past: int = about(
        "where news is drawn or a file: rows before the prices from which the first date starts,"
        " which margin rules read", "dates", default=0, ge=0, le=10_000,
    )  # fmt: skip
    law: Law = about("where news is drawn: law of the prices", default="garch")
    dates: int | None = about(
        "number of dates; unless given those of the news, or 20 where it is drawn; after the last"
        " news securities keep their worth", "dates", default=None, ge=1, le=10_000,
    )  # fmt: skip
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
        " scenario; empty for a fall and a rise of all by .1", "",
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
    reverse_stress: list[float] = about(
        "direction of relative changes of what each security is worth; a study looks for the"
        " mildest multiple of it that exhausts each layer at the first date", "share",
        "a list with a number for each security", default=[],
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
        for name in ("news", "stress", "reverse_stress"):
            rows = getattr(self, name)
            if not isinstance(rows, list):
                continue
            for row in rows if name != "reverse_stress" else [rows] * bool(rows):
                if isinstance(row, list) and len(row) != count:
                    raise ValueError(
                        f"{name} has a row of {len(row)}; there are {count} securities,"
                        f" {', '.join(self.names)}"
                    )
        if self.news == []:
            raise ValueError("news is empty; it must have at least one date")
        order = [LAYERS.index(layer) for layer in self.layers]
        if order != sorted(set(order)) or not self.layers or self.layers[-1] != "gains":
            raise ValueError(
                f"layers is {self.layers}; somebody bears what all other layers don't, so it must"
                f' end with "gains", in the order {", ".join(LAYERS)}'
            )
        if self.reverse_stress and max(map(abs, self.reverse_stress)) <= MATTERS:
            raise ValueError(
                f"reverse_stress is {self.reverse_stress}; a direction has a change that is not 0"
            )
        if isinstance(self.news, list) and self.past:
            raise ValueError(
                f"past is {self.past}; listed news has no rows before the first date: name a file"
            )
        dated = self._dated
        if dated is not None and dated < 1:
            raise ValueError(
                f"past is {self.past} and the file of news has {dated + self.past + 1} rows; it"
                " must have one more for the prices before the first date, and one for each date"
            )
        if dated is not None and self.dates is not None and dated > self.dates:
            raise ValueError(
                f"news has {dated} dates and dates is {self.dates}; there is no date {dated} for it"
            )
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

    def drawn(self, rng: np.random.Generator) -> tuple[FloatArray, Membership]:
        """News and members, from the one source of randomness."""
        return self.values(rng), members_of(self, rng)

    def values(self, rng: np.random.Generator) -> FloatArray:
        """What securities are worth in the past, before the first date and at each one.

        Shape (past + 1 + dates, K).
        """
        count = len(self.names)
        if self.news == "drawn":
            return self._drawn_values(rng)
        if isinstance(self.news, DataFile):
            values = self._prices_of(self.news)
        else:
            rows = [row if isinstance(row, list) else [row] * count for row in self.news]
            grown = np.cumprod(1.0 + np.array(rows), axis=0)
            values = self.price * np.vstack([np.ones(count), grown])
        quiet = np.repeat(values[-1:], self.past + self.number + 1 - len(values), axis=0)
        return np.vstack([values, quiet])

    def _drawn_values(self, rng: np.random.Generator) -> FloatArray:
        drawn = np.column_stack(
            [np.log(draw_prices(self.law, self.past + self.number + 1, self.volatility, rng))
             for _ in range(len(self.names) + 1)]
        )  # fmt: skip
        mixed = np.sqrt(self.together) * drawn[:, :1] + np.sqrt(1.0 - self.together) * drawn[:, 1:]
        return np.asarray(self.price * np.exp(mixed - mixed[self.past]))

    def moves(self) -> FloatArray:
        """Stress scenarios, shape (scenarios, K)."""
        count = len(self.names)
        given = self.stress or [[-STRESS] * count, [STRESS] * count]
        return np.array(given, dtype=np.float64)

    @property
    def _dated(self) -> int | None:
        """Number of dates that have news; None where it is drawn."""
        if isinstance(self.news, DataFile):
            return len(self._prices_of(self.news)) - self.past - 1
        return None if self.news == "drawn" else len(self.news)

    @property
    def number(self) -> int:
        """Number of dates."""
        return self.dates or self._dated or DRAWN

    @property
    def announced(self) -> list[Mapping[str, object]]:
        """What is announced at each date: what securities are worth, where that is listed."""
        if not isinstance(self.news, list):
            return [{}] * self.number
        values = self.values(np.random.default_rng(0))  # listed, so nothing is drawn
        return [{"value": value} for value in values[1:]]

    @property
    def owed(self) -> FloatArray | None:
        """What members owe each other at the first date, shape (n, n); None if nothing.

        Raises
        ------
        Refused
            If rows differ in length.
        """
        if not self.debts:
            return None
        if {len(row) for row in self.debts} != {len(self.debts)}:
            raise Refused(
                f"debts has {len(self.debts)} rows, of {', '.join(str(len(r)) for r in self.debts)}"
                " numbers; each must have one for every member"
            )
        return np.array(self.debts, dtype=np.float64)

    @property
    def count(self) -> int:
        """Number of members."""
        given = table_of(self.members, columns(self.names))
        return self.traders if given is None else len(given)

    def extent(self) -> Extent:
        """Members are kept at every date, or at the last of each case where tables were long."""
        cases = len(self.markets)
        dates = self.number * cases
        members = self.count
        kept = dates if dates * members <= MOST_ROWS else cases
        columns = SHOWN + SHOWN_EACH * len(self.names)
        return Extent(members, dates, kept, columns, ("traders", "dates"))

    @property
    def margin_rule(self) -> MarginRule:
        """The rule by which margin is charged on every security."""
        return FlatMargin(self.haircut) if self.margin is None else self.margin.make()

    @property
    def markets(self) -> Sequence[str]:
        """The cases to run."""
        return CASES if self.equilibrium == "both" else (self.equilibrium,)


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


def members_of(parameters: DefaultWaterfall, rng: np.random.Generator) -> Membership:
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
    return Membership(made.names, made.each("cash"), made.each("income"), position, appetite, owned)


def build(
    parameters: DefaultWaterfall,
    case: str,
    values: FloatArray,
    members: Membership,
    rng: np.random.Generator | int = 0,
) -> WaterfallEconomy:
    """Make the economy as it stands at the first date, whose news is already known.

    Parameters
    ----------
    parameters : DefaultWaterfall
        The parameters.
    case : {"greatest", "least"}
        Which equilibrium the rounds of each date start towards.
    values : array of shape (past + 1 + dates, K)
        What securities are worth in the past, before the first date, and at each.
    members : Membership
        The members.
    rng : numpy.random.Generator or int
        The one source of randomness.

    Raises
    ------
    Refused
        If debts do not fit the members.
    """
    count = members.cash.size
    debts = parameters.owed
    if debts is not None and debts.shape != (count, count):
        raise Refused(f"debts has {len(debts)} rows; it must have one for each of {count} members")
    named = members.names or [str(k + 1) for k in range(count)]
    now = parameters.past
    market = WaterfallMarket(
        parameters.names,
        values[now],
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
    history: list[FloatArray] | None = None
    if now > 0:
        history = list(values[: now + 1].T)
    elif parameters.margin is not None:
        history = [parameters.margin.past()] * len(parameters.names)
    WaterfallHouse(
        economy,
        cohort,
        values[now],
        [parameters.margin_rule] * len(parameters.names),
        stress=parameters.moves(),
        capital=parameters.capital if "capital" in layers else 0.0,
        cover=parameters.cover if "fund" in layers else 0,
        resized=parameters.resized,
        history=history,
        path=values[now + 1 :],
    )
    return economy
