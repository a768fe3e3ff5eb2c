"""The economy of both scenarios: informed investors, noise traders and a clearing house."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from agents.cohort import Population
from agents.pledge.clearing_house import PledgeClearingHouse
from agents.pledge.forecast import Information, PriceFunction
from agents.pledge.investors import Belief, InformedInvestors, Limited, Role
from agents.pledge.learner import Learner, Learning
from agents.pledge.nature import Lognormal, Nature
from agents.pledge.noise_traders import NoiseTraders
from markets.adjustment.nested import NestedTatonnement
from markets.adjustment.newton import NewtonTatonnement
from markets.adjustment.rule import Adjuster
from markets.adjustment.rules import RuleName
from markets.adjustment.safeguarded import SafeguardedTatonnement
from markets.margin import FlatMargin, LeastMargin, MarginRule
from markets.pledge.book import SpotBook
from markets.pledge.market import FREE_REACH, LOG_PRICE_REACH, PledgeableMarket
from markets.pledge.quotes import SpotQuotes
from markets.pledge.terms import RepoTerms
from markets.quote import FloatArray
from markets.refused import Refused
from scenarios.pledge import closed_form as theory
from scenarios.pledge.members import LEAST, MOST, Side, Sides, members_parameter
from simulator.economy import Economy
from simulator.margin_settings import MARGIN, MarginSettings
from simulator.parameters import Parameters, about, rule_parameter
from simulator.point import RestingPoint, ScenarioEconomy
from simulator.population.given_cohort import GivenCohort, draws

Demand = Literal["log-linear", "exact", "paper"]

ANY_STEP = np.inf
"""Largest move of log prices in a round where orders are linear: one Newton step is then exact
however long it is. Largest step still wanted there when markets have cleared, too: it is the
rounding of a log price, which may be any number."""


VAGUEST = 0.01
"""Least precision of ln v: its standard deviation is 10, and v ranges over many powers of ten."""


SHOWN = 20
"""Columns of the table of investors."""


class Investing(Parameters):
    """Parameters that both scenarios share."""

    rule: RuleName = rule_parameter("newton")
    value_precision: float = about(
        "precision of ln v, the security's final value",
        "1/variance",
        default=4.0,
        ge=VAGUEST,
        le=MOST,
    )
    signal_precision: float = about(
        "precision of each investor's private signal of ln v",
        "1/variance",
        default=2.0,
        ge=LEAST,
        le=MOST,
    )
    noise_precision: float = about(
        "precision of ln u, what noise traders buy", "1/variance", default=4.0, ge=LEAST, le=MOST
    )
    risk_aversion: float = about(
        "relative risk aversion of investors", default=2.0, gt=1.0, le=MOST
    )
    wealth: float = about(
        "wealth of the investors, half of it cash", "securities", default=1.0, ge=LEAST, le=MOST
    )
    spot_share: float = about(
        "share of investors without access to repo", "share of investors",
        default=0.9, gt=0.0, lt=1.0,
    )  # fmt: skip
    repo_rate: Annotated[float, Field(ge=0.0, le=MOST)] | Literal["clears"] = about(
        "interest on repo loans: given from outside as in the paper, or quoted until the repo"
        " market clears (13)",
        "per period", 'a number in [0, 1e6], or "clears"', default=0.02,
    )  # fmt: skip
    mean_value: float = about("mean of v", "cash", default=1.0, ge=LEAST, le=MOST)
    mean_noise: float = about("mean of u", "securities", default=1.0, ge=LEAST, le=MOST)
    belief: theory.Version = about(
        "price function that investors believe on the first day: Proposition 8 as printed, with"
        " the noise of the public signal restored, or corrected",
        default="printed",
    )
    investors: int = about(
        "number of investors", "investors", "a whole number of at least 10", default=10_000, ge=10
    )
    population: Population = about(
        "whether errors of private signals are drawn, or are the quantiles of their distribution,"
        " as if investors were a continuum",
        default="individuals",
    )
    members: GivenCohort = members_parameter()

    @model_validator(mode="after")
    def _members(self) -> Investing:
        """Refuse investors who can't be used, unless they are yet to be drawn."""
        if not draws(self.members):
            self.sides(np.random.default_rng(0))
        return self

    def sides(self, rng: np.random.Generator) -> Sides:
        """Investors without and with access to repo: alike, given or drawn."""
        shared = (self.spot_share, self.wealth, self.risk_aversion)
        if self.members is None:
            return Sides.alike(self.investors, *shared)
        return Sides.given(self.members, *shared, rng)

    def primitives_of(self, sides: Sides) -> theory.Primitives:
        """The numbers that closed forms start from, with all investors' wealth and tolerance."""
        if self.members is None:
            return self.primitives
        crowd = sides.crowd
        return replace(
            self.primitives,
            wealth=math.fsum(crowd.wealth),
            risk_aversion=crowd.risk_aversion,
            spot_share=crowd.spot_share,
        )

    @property
    def primitives(self) -> theory.Primitives:
        """The numbers that closed forms and certificates start from."""
        names = theory.Primitives.__dataclass_fields__
        return theory.Primitives(**{name: getattr(self, name) for name in names})

    @property
    def rate_clears(self) -> bool:
        """Whether the repo rate is quoted."""
        return self.repo_rate == "clears"

    @property
    def rate(self) -> float:
        """The repo rate that is given; zero, the lowest one, where it is quoted."""
        return 0.0 if isinstance(self.repo_rate, str) else self.repo_rate

    @property
    def linear(self) -> bool:
        """Whether orders are linear in the markets' coordinates."""
        return True

    def adjuster(self, pace: float | FloatArray) -> Adjuster:
        """The rule chosen; Newton's rule with steps of any length where orders are linear.

        Where repo investors are all but indifferent that may go in circles: then the default rule
        ends up clearing the spot market at each repo rate that is tried.
        """
        newton = NewtonTatonnement(trust=ANY_STEP, step_tolerance=ANY_STEP)
        if self.rule == "newton" and self.linear:
            return newton
        if self.rule == "safeguarded" and self.linear:
            nested = NestedTatonnement() if self.rate_clears else None
            return SafeguardedTatonnement(newton=newton, last_resort=nested)
        return super().adjuster(pace)

    def refuse_haircut(
        self, haircut: float, name: str = "haircut", spot_share: float | None = None
    ) -> None:
        """Refuse a haircut at which repo investors could buy more than spot investors own.

        Given or drawn investors have a ``spot_share`` of their own.
        """
        if spot_share is None and self.members is not None:
            return
        share = self.spot_share if spot_share is None else spot_share
        if not (theory.feasible(haircut, share) and haircut < 1.0):
            least = "1 - spot_share" if spot_share is None else "the share of repo investors"
            raise Refused(
                f"{name} is {haircut}; it must lie strictly between {least} ({1.0 - share:.6g})"
                " and 1"
            )


class Learns(Investing):
    """Parameters of investors who may learn, and whose orders may be limited.

    Where orders have kinks (limits imposed, exact demand, repo that may open and shut within a day)
    the default rule is safeguarded.
    """

    learning: Learning = about(
        "how forecasts change from day to day: not at all; toward Bayes' rule under the price"
        " function that yesterday's orders implied; by each investor's regression on its own"
        " history; or by working out every morning what its forecasts would do to the price. By"
        " default map; reasoning where haircuts or repo rates change, none with exact demand",
        default="map",
    )
    damping: float | None = about(
        "share of the way to the forecast that would have been right yesterday (learning = map); by"
        " default signal_precision / (signal_precision + precision of the price as a signal)",
        "share", "a number in (0, 1]", default=None, gt=0.0, le=1.0,
    )  # fmt: skip
    gain: float = about(
        "weight of a new day relative to a day among equals (learning = regression)",
        default=2.0, gt=0.0, le=10.0,
    )  # fmt: skip
    memory: float = about(
        "days that the first belief counts for (learning = regression)",
        "days", default=50.0, ge=10.0,
    )  # fmt: skip
    demand: Demand = about(
        "demands of investors: log-linear portfolio choice with Bayes' rule; the exact choice under"
        " power utility (no short sales, no credit); or (14), (20) and (A.27) as the paper prints"
        " them",
        default="log-linear",
    )
    log_value: float | None = about(
        "ln v on every day, instead of draws", "log of cash per security", "a number", default=None
    )
    log_noise: float | None = about(
        "ln u, noise traders' order, on every day, instead of draws",
        "securities",
        "a number",
        default=None,
    )
    limits: Limited = about(
        "whether orders are limited to the cash and securities that an investor owns; the closed"
        " forms ignore it. If they are, rule is safeguarded by default",
        default="ignored",
    )

    @model_validator(mode="before")
    @classmethod
    def _rule(cls, given: Any) -> Any:
        """Choose the default rules: for quotes by limits, for learning by whether terms change."""
        if not isinstance(given, Mapping):
            return given
        chosen: dict[str, object] = {}
        exact = given.get("demand") == "exact"
        clears = given.get("repo_rate") == "clears"
        if given.get("limits") == "imposed" or exact or clears:
            chosen["rule"] = "safeguarded"
        if exact:
            chosen["learning"] = "none"
        if clears or given.get("margin") or given.get("margin_rule", "flat") != "flat":
            chosen["learning"] = "reasoning"
        return {**chosen, **given}

    @property
    def fixed_point(self) -> theory.Version:
        """Version of the closed form that is the fixed point of these demands."""
        return "printed-noise" if self.demand == "paper" else "corrected"

    @property
    def linear(self) -> bool:
        """Whether orders are linear in log prices: limits and exact demands bend them."""
        return self.limits == "ignored" and self.demand != "exact"

    @model_validator(mode="after")
    def _varied(self) -> Learns:
        """Refuse to regress on days that are all alike."""
        for name in ("log_value", "log_noise"):
            value = getattr(self, name)
            if self.learning == "regression" and value is not None:
                raise Refused(
                    f"{name} is {value}; with learning = regression it must be left out, since"
                    " days that are all alike give a regression nothing to learn from"
                )
        if self.rate_clears:
            self._refuse_with_quoted_rates()
        if self.learning in ("map", "regression") and self.demand == "exact":
            raise Refused(
                f'learning is "{self.learning}"; with demand = exact it must be "none" or'
                ' "reasoning", since exact demands imply no linear price function'
            )
        if self.learning == "map" and self.limits == "imposed":
            raise Refused(
                'limits is "imposed"; with learning = map it must be "ignored", since limited'
                " orders imply no linear price function"
            )
        return self

    def _refuse_with_quoted_rates(self) -> None:
        """Refuse what has no meaning where repo opens and shuts within a day."""
        if self.learning in ("map", "regression"):
            raise Refused(
                f'learning is "{self.learning}"; with repo_rate = clears it must be "none" or'
                ' "reasoning", since the price function is another one where repo is shut'
            )
        if self.limits == "imposed":
            raise Refused(
                'limits is "imposed"; with repo_rate = clears it must be "ignored", since what an'
                " investor owns limits pledges and sales in different ways"
            )


def trading(point: RestingPoint) -> float:
    """Number of investors who buy, sell or pledge something."""
    agents = point.agents
    informed = agents["role"] != "noise"
    moved = (agents["order"] != 0.0) | (agents["pledged"] != 0.0)
    rows = agents.loc[informed & moved, ["role", "member"]]
    return float(len(rows.drop_duplicates()))


def _once_a_day(margin: MarginSettings | None) -> MarginSettings | None:
    """Refuse a rule that is to read other prices than those of the days of the run."""
    if margin is not None and (margin.every_round or margin.prices is not None):
        raise Refused(
            "margin: every_round and prices must be left out here; the rule is asked once a day,"
            " and reads the returns of the days of this run"
        )
    return margin


def margin_parameter() -> Any:
    """Declare the parameter ``margin``."""
    return about(
        "another margin rule, asked once a day, that never charges less than the haircut; it reads"
        " the returns of the security bought at each day's price", "", MARGIN, default=None,
    )  # fmt: skip


OnceADay = Annotated[MarginSettings | None, AfterValidator(_once_a_day)]
"""A margin rule as a parameter of scenarios of pledging."""


def charging(margin: MarginSettings | None, haircut: float) -> MarginRule:
    """The rule of a haircut, or another one that never charges less."""
    if margin is None:
        return FlatMargin(haircut)
    return LeastMargin(margin.make(side="long"), haircut)


def believed(
    primitives: theory.Primitives, belief: theory.Version, terms: RepoTerms
) -> PriceFunction:
    """The price function that the named belief implies at the announced haircuts."""
    solved = [
        theory.with_repo(primitives, haircut, belief)
        if active
        else theory.without_repo(primitives, belief)
        for haircut, active in zip(terms.haircut.tolist(), terms.active.tolist(), strict=True)
    ]
    return PriceFunction(
        *(np.array([getattr(one, name) for one in solved]) for name in ("b0", "b1", "b2", "b3"))
    )


def build(
    parameters: Investing,
    rng: np.random.Generator,
    margins: Sequence[MarginRule],
    *,
    sides: Sides | None = None,
    names: Sequence[str] = ("",),
    repo_rate: float | Sequence[float] | None = None,
    common: bool = False,
    belief: Belief | None = None,
    learner: Learner | None = None,
    limits: Limited = "ignored",
    demand: Demand = "log-linear",
    log_value: float | None = None,
    log_noise: float | None = None,
) -> Economy[RepoTerms, SpotQuotes, SpotBook]:
    """Make the economy as it stands on the first morning.

    Parameters
    ----------
    parameters : Investing
        The numbers.
    rng : numpy.random.Generator
        The one source of randomness.
    margins : sequence of MarginRule
        The clearing house's rule for each security.
    sides : Sides, optional
        The investors; by default as the parameters have them.
    names : sequence of str
        Names of the securities.
    repo_rate : float or sequence of float, optional
        Interest on repo loans against each security; the parameters' unless given.
    common : bool
        Whether all securities have the same value, noise and signals, or independent ones.
    belief : callable, optional
        Repo terms to the price function that investors believe; the named one unless given.
    demand : {"log-linear", "exact", "paper"}
        Whether investors choose exactly (:mod:`agents.pledge.power`), and whether they update by
        Bayes' rule or as the paper prints it (:class:`agents.pledge.forecast.Information`).
    learner, limits, log_value, log_noise
        See :class:`agents.pledge.investors.InformedInvestors` and
        :class:`agents.pledge.nature.Nature`.
    """
    known = Information(
        value=Lognormal(parameters.mean_value, parameters.value_precision),
        noise=Lognormal(parameters.mean_noise, parameters.noise_precision),
        signal_precision=parameters.signal_precision,
        as_printed=demand == "paper",
    )
    sides = parameters.sides(rng) if sides is None else sides
    primitives = parameters.primitives_of(sides)
    aversions = np.hstack([sides.spot.risk_aversion, sides.repo.risk_aversion])
    if demand == "exact" and np.any(aversions != aversions[0]):
        raise Refused('risk_aversion differs; with demand = "exact" all investors have one')
    nature = Nature(
        rng,
        known.value,
        known.noise,
        securities=len(margins),
        common=common,
        log_value=log_value,
        log_noise=log_noise,
    )
    quoted = parameters.rate_clears and repo_rate is None
    reach = FREE_REACH if parameters.linear else LOG_PRICE_REACH
    market = PledgeableMarket(known.value.log_mean, names, quotes_rates=quoted, reach=reach)
    rule = parameters.adjuster(market.pace)
    economy = Economy(market, adjuster=rule, rng=rng, start=parameters.start)
    rates = parameters.rate if repo_rate is None else np.asarray(repo_rate)
    PledgeClearingHouse(economy, margins, repo_rate=None if quoted else rates, nature=nature)
    NoiseTraders(economy, "noise", nature=nature)
    roles: tuple[tuple[Role, Side], ...] = (("repo", sides.repo), ("spot", sides.spot))
    for role, side in roles:
        InformedInvestors(
            economy,
            f"{role} investors",
            role=role,
            members=side.members,
            share=side.share,
            nature=nature,
            belief=belief or (lambda terms: believed(primitives, parameters.belief, terms)),
            known=known,
            risk_aversion=side.risk_aversion,
            wealth=side.wealth,
            names=side.names,
            learner=learner,
            sees_rates=quoted,
            exact=demand == "exact",
            limits=limits,
            population=parameters.population,
        )
    return economy


def a_cohort(economy: ScenarioEconomy) -> InformedInvestors:
    """One of the cohorts of investors; both know the quotes and the published price function."""
    return next(c for c in economy.cohorts if isinstance(c, InformedInvestors))
