"""A bond that may not be repaid, and equities: the capital asset pricing model with bankruptcy.

Scenario ``bankruptcy-capm``, after sections 3 to 5 of Eichberger, Rheinberger and Summer, "Credit
Risk in General Equilibrium" (2014). Model, symbols and errata are in this folder's README.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from matplotlib.figure import Figure
from pydantic import Field, model_validator

from agents.bankruptcy.utility import ConstantRiskAversion, LinearQuadratic, Utility
from markets.bankruptcy.market import BondAndEquities, numbered
from scenarios.bankruptcy import figures, propositions
from scenarios.bankruptcy.bankruptcy import SOURCE, about
from scenarios.bankruptcy.certificate import certify
from scenarios.bankruptcy.credit_risk import by_cohort, summary
from scenarios.bankruptcy.economy import Members, build
from scenarios.bankruptcy.state import FloatArray, State, read
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.outcome import Outcome
from simulator.parameters import Parameters, Table, parse
from simulator.point import Case, RestingPoint
from simulator.run import Run, simulate
from simulator.scenario import Scenario

Positive = Annotated[float, Field(gt=0.0)]
Amount = Annotated[float, Field(ge=0.0)]

RISKS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Endowment risk at which the figure of credit risk runs the economy anew, as multiples of its own
(as far as endowments stay positive)."""

RISKS_UP_TO = 2_000
"""Members up to which that figure is drawn; every point of it is a run."""

PROPOSITIONS_UP_TO = 100_000
"""Members up to which both propositions are evaluated at the resting point."""


class CohortOfInvestors(Table):
    """A table ``[[cohorts]]``."""

    name: str | None = about("name in tables; its number if not given", default=None)
    members: int = about("number of members", "members", default=1, ge=1)
    utility: Literal["quadratic", "constant risk aversion"] = about(
        "form of the utility function", default="quadratic"
    )
    weight: Positive | None = about(
        "marginal utility of goods at date 0 (a_0); quadratic utility",
        "utility per good", "a number above 0", default=None,
    )  # fmt: skip
    satiation: Positive | None = about(
        "consumption at date 1 beyond which more is worse (a_1); quadratic utility",
        "goods", "a number above 0", default=None,
    )  # fmt: skip
    risk_aversion: Positive | None = about(
        "absolute risk aversion; constant risk aversion", "per good", "a number above 0",
        default=None,
    )  # fmt: skip
    patience: Positive | None = about(
        "weight of date 1; constant risk aversion", "", "a number above 0", default=None
    )
    endowment_now: Positive = about("goods at date 0 (w_0)", "goods", "a number above 0")
    endowment_later: list[Positive] = about(
        "goods in each state of date 1 (w_1)", "goods", "a list of one number above 0 a state"
    )
    equities: list[Amount] = about(
        "equities owned before trade (delta)", "equities",
        "a list of one number of at least 0 an equity", default=[],
    )  # fmt: skip
    spread: float = about(
        "largest share by which a member's endowments differ from these, drawn by the seed",
        "", "a number in [0, 1)", default=0.0, ge=0.0, lt=1.0,
    )  # fmt: skip

    @model_validator(mode="after")
    def _utility(self) -> CohortOfInvestors:
        """Ask for the parameters of the utility, and for no others."""
        quadratic = ("weight", "satiation")
        exponential = ("risk_aversion", "patience")
        wanted, others = quadratic, exponential
        if self.utility != "quadratic":
            wanted, others = exponential, quadratic
        for name in wanted:
            if getattr(self, name) is None:
                raise ValueError(f'{name} is missing; utility "{self.utility}" needs it')
        for name in others:
            if getattr(self, name) is not None:
                raise ValueError(f'{name} is given; utility "{self.utility}" has none')
        return self


class States(Table):
    """The table ``[states]``."""

    probabilities: list[Positive] = about(
        "probability of each state (rho)", "probability", "a list of numbers above 0 that add to 1",
        min_length=1,
    )  # fmt: skip
    names: list[str] | None = about("names; numbers if not given", default=None)


class Equities(Table):
    """The table ``[equities]``."""

    payoffs: list[list[Amount]] = about(
        "payoff of each equity in each state (columns of Y)", "goods per equity",
        "a list of one list an equity, of one number of at least 0 a state", default=[],
    )  # fmt: skip
    names: list[str] | None = about("names; numbers if not given", default=None)


def _default_cohorts() -> list[CohortOfInvestors]:
    rows = (
        (8.2, 9.0, 3.6, [0.2, 0.3, 0.9], 0.4),
        (5.3, 7.2, 3.4, [0.7, 1.0, 0.8], 0.7),
        (4.7, 7.1, 4.8, [0.2, 0.6, 1.2], 1.2),
    )
    return [
        CohortOfInvestors(
            weight=weight,
            satiation=satiation,
            endowment_now=now,
            endowment_later=later,
            equities=[owned],
        )
        for weight, satiation, now, later, owned in rows
    ]


class BankruptcyCapm(Parameters):
    """Parameters of the scenario ``bankruptcy-capm``."""

    cohorts: list[CohortOfInvestors] = about(
        "who trades: one table a cohort", "", "a list of at least one table [[cohorts]]",
        default=_default_cohorts(), min_length=1,
    )  # fmt: skip
    states: States = about(
        "what may happen at date 1", "", "a table [states]",
        default=States(probabilities=[0.34, 0.31, 0.35]),
    )  # fmt: skip
    equities: Equities = about(
        "what is traded besides the bond", "", "a table [equities]",
        default=Equities(payoffs=[[1.0, 0.2, 1.5]]),
    )  # fmt: skip
    short_limit: float | None = about(
        "bonds that one member may sell at most (kappa)", "bonds",
        "a number of at least 0; no limit if not given", default=10.0, ge=0.0,
    )  # fmt: skip
    rule: Literal["implicit", "newton", "matrix", "anderson"] = about(
        "rule that moves the quotes", default="implicit"
    )
    polish: bool = about(
        "whether to go on from the resting point by Newton steps", allowed="true or false",
        default=False,
    )  # fmt: skip

    @model_validator(mode="after")
    def _together(self) -> BankruptcyCapm:
        """Refuse shapes that disagree, dependent payoffs, and satiation within reach."""
        states = len(self.states.probabilities)
        for j, payoffs in enumerate(self.equities.payoffs):
            if len(payoffs) != states:
                raise ValueError(
                    f"equities.payoffs[{j}] has {len(payoffs)} entries; it must have {states}, one"
                    " a state"
                )
        for c, cohort in enumerate(self.cohorts):
            for name, count, of in (
                ("endowment_later", states, "state"),
                ("equities", len(self.equities.payoffs), "equity"),
            ):
                if len(getattr(cohort, name)) != count:
                    raise ValueError(
                        f"cohorts[{c}].{name} has {len(getattr(cohort, name))} entries; it must"
                        f" have {count}, one a{'n' if of == 'equity' else ''} {of}"
                    )
        names = self.cohort_names
        if len(set(names)) < len(names):
            raise ValueError(f"cohorts have the names {', '.join(names)}; each must be different")
        instruments = self.instruments
        for j, total in enumerate(np.sum([c.equities for c in self.cohorts], axis=0)):
            if not total > 0.0:
                raise ValueError(
                    f"cohorts own none of equity {instruments.equity_names[j]}; somebody must"
                )
        self._refuse_satiation(instruments)
        return self

    def _refuse_satiation(self, instruments: BondAndEquities) -> None:
        """Members of a cohort choose alike, so none can eat more than its share of all goods."""
        goods = sum(
            c.members * (np.array(c.endowment_later) + instruments.payoffs @ np.array(c.equities))
            for c in self.cohorts
        )
        for i, cohort in enumerate(self.cohorts):
            most = float(np.max(goods)) / cohort.members
            if cohort.satiation is not None and cohort.satiation < most:
                raise ValueError(
                    f"cohorts[{i}].satiation is {cohort.satiation:g}; it must be at least {most:g},"
                    " a member's share if its cohort had all goods, or more could be worse"
                )

    @property
    def limit(self) -> float:
        """The short limit, infinite if there is none."""
        return math.inf if self.short_limit is None else self.short_limit

    @property
    def cohort_names(self) -> list[str]:
        """Names of the cohorts."""
        return [c.name or f"cohort {i + 1}" for i, c in enumerate(self.cohorts)]

    @property
    def instruments(self) -> BondAndEquities:
        """What is traded."""
        return BondAndEquities(
            np.array(self.states.probabilities),
            np.array(self.equities.payoffs).reshape(-1, len(self.states.probabilities)).T,
            tuple(self.states.names or ()),
            tuple(self.equities.names or ()),
        )


def members_of(cohort: CohortOfInvestors, name: str, rng: np.random.Generator) -> Members:
    """A cohort as arrays, its members' endowments drawn around those of its table."""
    count = cohort.members

    def each(value: list[float]) -> FloatArray:
        wobble = rng.uniform(-cohort.spread, cohort.spread, (count, len(value)))
        return np.array(value) * (1.0 + wobble)

    def same(value: float | None) -> FloatArray:
        return np.full(count, np.nan if value is None else value)

    utility: Utility = ConstantRiskAversion(same(cohort.risk_aversion), same(cohort.patience))
    if cohort.utility == "quadratic":
        utility = LinearQuadratic(same(cohort.weight), same(cohort.satiation))
    now, later = each([cohort.endowment_now])[:, 0], each(cohort.endowment_later)
    return Members(name, utility, now, later, each(cohort.equities))


def economy(parameters: BankruptcyCapm, rng: np.random.Generator) -> Economy:
    """The economy of these cohorts."""
    names = parameters.cohort_names
    return build(
        parameters.instruments,
        [members_of(c, n, rng) for c, n in zip(parameters.cohorts, names, strict=True)],
        parameters.limit,
        rule=parameters.rule,
        polish=parameters.polish,
        rng=rng,
    )


def cases(parameters: BankruptcyCapm) -> list[Case]:
    """One economy at one date."""
    return [Case("all", lambda rng: economy(parameters, rng), [{}])]


def state_of(parameters: BankruptcyCapm, resting: RestingPoint) -> State:
    """A resting point as arrays."""
    return read(parameters.instruments, parameters.limit, resting)


def describe(
    parameters: BankruptcyCapm, economy: Economy, resting: RestingPoint
) -> Mapping[str, Any]:
    """Credit risk, and how far Propositions 2 and 3 are from holding (not given if they can't)."""
    state = state_of(parameters, resting)
    told: dict[str, Any] = dict(summary(state))
    names = ("lowest_bond_price", "highest_bond_price", "sharing_rule_error")
    values = [math.nan] * 3
    if propositions.applies(state) and resting.complete and state.bond.size <= PROPOSITIONS_UP_TO:
        price = propositions.prices(state)
        error = float(np.max(np.abs(propositions.sharing_rule(state) - state.later)))
        values = [price.lowest, price.highest, error]
    return told | dict(zip(names, values, strict=True))


def closed_form(parameters: BankruptcyCapm, resting: RestingPoint) -> Mapping[str, float] | None:
    """Prices by Proposition 2 at the shortfall of the resting point, where it applies."""
    state = state_of(parameters, resting)
    if not (propositions.applies(state) and resting.complete):
        return None
    price = propositions.prices(state)
    known = {
        numbered("equity_price", name): float(value)
        for name, value in zip(parameters.instruments.equity_names, price.equities, strict=True)
    }
    if float(np.sum(state.promised)) > 0.0:
        known["bond_price"] = price.bond_borrowing
    return known


def certified(parameters: BankruptcyCapm, resting: RestingPoint) -> Certificate:
    """The certificate of a resting point."""
    return certify(state_of(parameters, resting), complete=resting.complete)


def _state(run: Run) -> State:
    parameters = run.parameters
    assert isinstance(parameters, BankruptcyCapm)
    return state_of(parameters, RestingPoint("all", 1, run.equilibrium, run.agents, run.complete))


def at_risk(parameters: BankruptcyCapm, risk: float) -> BankruptcyCapm | None:
    """The same economy with endowments at date 1 further from their means, if still positive."""
    rho = np.array(parameters.states.probabilities)
    cohorts = []
    for cohort in parameters.cohorts:
        later = np.array(cohort.endowment_later)
        later = rho @ later + risk * (later - rho @ later)
        if np.any(later <= 0.0):
            return None
        cohorts.append(cohort.model_copy(update={"endowment_later": later.tolist()}))
    try:
        values = {**parameters.model_dump(), "cohorts": [c.model_dump() for c in cohorts]}
        return BankruptcyCapm.model_validate(values)
    except ValueError:
        return None


def risk_states(parameters: BankruptcyCapm, seed: int) -> dict[float, State]:
    """RestingPoint points of the economy by endowment risk, those that clear."""
    found = {}
    for risk in RISKS:
        changed = at_risk(parameters, risk)
        if changed is None:
            continue
        model = economy(changed, np.random.default_rng(seed))
        if model.clear(changed.max_rounds) is Outcome.CLEARED:
            tables = [cohort.table() for cohort in model.cohorts]
            agents = figures.joined(tables)
            found[risk] = state_of(
                changed, RestingPoint("all", 1, dict(model.quotes), agents, True)
            )
        model.close()
    return found


def drawn(run: Run) -> Mapping[str, Figure]:
    """The figures of a run."""
    parameters, state = run.parameters, _state(run)
    assert isinstance(parameters, BankruptcyCapm)
    shown = {"quotes_by_round": figures.quotes_by_round(run.rounds, run.closed_form)}
    if bool(np.all(state.quadratic)):
        shown["security_market_line"] = figures.security_market_line(state, parameters.instruments)
    if state.bond.size <= RISKS_UP_TO and run.complete:
        risks = risk_states(parameters, run.seed)
        if len(risks) > 1:
            shown["endogenous_credit_risk"] = figures.credit_risk(risks)
    return shown


SCENARIO = Scenario(
    name="bankruptcy-capm",
    summary="bond, equities and planned bankruptcies: asset prices by the capital asset pricing"
    " model, corrected for the shortfall",
    source=SOURCE,
    parameters=BankruptcyCapm,
    cases=cases,
    describe=describe,
    closed_form=closed_form,
    certify=certified,
    figures=drawn,
    report=lambda run: by_cohort(_state(run), run.parameters.instruments),  # type: ignore[attr-defined]
    caution="The closed form is Proposition 2 at the simulated shortfall of promises; it does not"
    " say what that shortfall is.",
    headline=("expected_recovery", "return_spread"),
)


def run(*, seed: int = 0, **parameters: Any) -> Run:
    """Run the scenario from Python.

    Parameters
    ----------
    seed : int
        Seed of the one random generator.
    **parameters
        Any of the fields of :class:`BankruptcyCapm`; cohorts, states and equities as dictionaries.

    Raises
    ------
    ValueError
        If a parameter is unknown or outside what is allowed.
    """
    return simulate(SCENARIO, parse(BankruptcyCapm, parameters), seed=seed)
