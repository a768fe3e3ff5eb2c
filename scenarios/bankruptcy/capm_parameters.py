"""Parameters of the scenario ``bankruptcy-capm``: tables of cohorts, states and equities."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field, PlainSerializer, model_validator

from markets.bankruptcy.instruments import BondAndEquities
from markets.refused import Refused
from scenarios.bankruptcy.economy import BondParameters, Penalty, penalties
from simulator.data_file import written
from simulator.memory import Extent
from simulator.parameters import Table, about
from simulator.population.members import (
    EACH,
    TABLE,
    DrawnAmount,
    GivenEach,
    GivenMembers,
    correlation_parameter,
    drawable,
)

Positive = Annotated[float, Field(gt=0.0)]
DrawnPositive = Annotated[Positive | str, AfterValidator(drawable), PlainSerializer(written)]
"""A number above 0 for all members, or the distribution that each one's is drawn from."""

ABOVE = "a number above 0, or a distribution"


class CohortOfInvestors(Table):
    """A table ``[[cohorts]]``."""

    name: str | None = about("name in tables; its number if not given", default=None)
    members: GivenEach = about(
        "how many members, or a table of them, with the columns of the parameter members: what a"
        " column lacks is as here",
        "members", EACH, default=1,
    )  # fmt: skip
    correlation: dict[str, float] = correlation_parameter()
    utility: Literal["quadratic", "quadratic at both dates", "constant risk aversion"] = about(
        "form of the utility function", default="quadratic"
    )
    weight: DrawnPositive | None = about(
        "marginal utility of goods at date 0 (a_0), or weight of date 0; quadratic utilities",
        "utility per good", f"{ABOVE}; 1 if not given and quadratic at both dates", default=None,
    )  # fmt: skip
    satiation: DrawnPositive | None = about(
        "consumption beyond which more is worse (a_1), at date 1 or at both; quadratic utilities",
        "goods", ABOVE, default=None,
    )  # fmt: skip
    risk_aversion: DrawnPositive | None = about(
        "absolute risk aversion; constant risk aversion", "per good", ABOVE, default=None
    )
    patience: DrawnPositive | None = about(
        "weight of date 1; constant risk aversion", "", ABOVE, default=None
    )
    endowment_now: DrawnPositive = about("goods at date 0 (w_0)", "goods", ABOVE)
    endowment_later: list[DrawnPositive] = about(
        "goods in each state of date 1 (w_1)", "goods",
        "a list of one number above 0, or distribution, per state",
    )  # fmt: skip
    equities: list[DrawnAmount] = about(
        "equities owned before trade (delta)", "equities",
        "a list of one number of at least 0, or distribution, per equity", default=[],
    )  # fmt: skip
    penalty: Penalty | None = about(
        "its own penalty on default (lambda) where the economy has one", "utility per good",
        "a number of at least 0, or a list of one per state; the economy's if not given",
        default=None,
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
        wanted: tuple[str, ...] = quadratic
        others = exponential
        if self.utility == "constant risk aversion":
            wanted, others = exponential, quadratic
        elif self.utility == "quadratic at both dates":
            wanted = ("satiation",)
        for name in wanted:
            if getattr(self, name) is None:
                raise Refused(f'{name} is missing; utility "{self.utility}" needs it')
        for name in others:
            if getattr(self, name) is not None:
                raise Refused(f'{name} is given; utility "{self.utility}" has none')
        return self

    @property
    def alike(self) -> bool:
        """Whether members have what the table says, up to its spread."""
        given = [self.weight, self.satiation, self.risk_aversion, self.patience, self.endowment_now]
        texts = [isinstance(v, str) for v in [*given, *self.endowment_later, *self.equities]]
        return isinstance(self.members, int) and not any(texts)

    @property
    def count(self) -> int:
        """Number of members, who are not given one by one."""
        assert isinstance(self.members, int)
        return self.members


class States(Table):
    """The table ``[states]``."""

    probabilities: list[Positive] = about(
        "probability of each state (rho)", "probability", "a list of numbers above 0 that add to 1",
        min_length=1,
    )  # fmt: skip
    names: list[str] | None = about("names; numbers if not given", default=None)


class Equities(Table):
    """The table ``[equities]``."""

    payoffs: list[list[Annotated[float, Field(ge=0.0)]]] = about(
        "payoff of each equity in each state (columns of Y)", "goods per equity",
        "one list per equity, each of one number of at least 0 per state", default=[],
    )  # fmt: skip
    names: list[str] | None = about("names; numbers if not given", default=None)


def _default_cohorts() -> list[CohortOfInvestors]:
    rows = (
        (8.2, 9.0, 3.6, (0.2, 0.3, 0.9), 0.4),
        (5.3, 7.2, 3.4, (0.7, 1.0, 0.8), 0.7),
        (4.7, 7.1, 4.8, (0.2, 0.6, 1.2), 1.2),
    )
    return [
        CohortOfInvestors(
            weight=weight,
            satiation=satiation,
            endowment_now=now,
            endowment_later=[*later],
            equities=[owned],
        )
        for weight, satiation, now, later, owned in rows
    ]


SHOWN, SHOWN_EACH = 15, 5
"""Columns of the table of members, at most, and those that each state and equity adds."""


EACH_PLANS = 5_000.0
"""Bytes that a member costs: its quadratic program, to trade and to certify."""


class BankruptcyCapm(BondParameters):
    """Parameters of the scenario ``bankruptcy-capm``."""

    cohorts: list[CohortOfInvestors] = about(
        "who trades: one table per cohort", "", "a list of at least one table [[cohorts]]",
        default=_default_cohorts(), min_length=1,
    )  # fmt: skip
    members: GivenMembers = about(
        "members one by one, of a single cohort in place of all cohorts; a column that is missing"
        " takes the value of the first of these. Columns: name; endowment_now,"
        " endowment_later[STATE] (goods); equities[EQUITY] (equities); weight (utility per good),"
        " satiation (goods), or risk_aversion (per good) and patience, as that cohort's utility has"
        " them; penalty[STATE] (utility per good) where debtors choose what they deliver",
        "", TABLE, default=None,
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
        "largest short sale of bonds by one member (kappa)", "bonds",
        "a number of at least 0; no limit if not given", default=10.0, ge=0.0,
    )  # fmt: skip

    @model_validator(mode="after")
    def _together(self) -> BankruptcyCapm:
        """Refuse shapes that disagree, dependent payoffs, and satiation within reach."""
        states = len(self.states.probabilities)
        for j, payoffs in enumerate(self.equities.payoffs):
            if len(payoffs) != states:
                raise Refused(
                    f"equities.payoffs[{j}] has {len(payoffs)} entries; it must have {states}, one"
                    " per state"
                )
        for c, cohort in enumerate(self.cohorts):
            for name, count, of in (
                ("endowment_later", states, "state"),
                ("equities", len(self.equities.payoffs), "equity"),
            ):
                if len(getattr(cohort, name)) != count:
                    raise Refused(
                        f"cohorts[{c}].{name} has {len(getattr(cohort, name))} entries; it must"
                        f" have {count}, one per {of}"
                    )
        names = self.cohort_names
        if len(set(names)) < len(names):
            raise Refused(f"cohorts have the names {', '.join(names)}; each must be different")
        self._penalties()
        if all(cohort.alike for cohort in self.groups):  # others are looked at where they are made
            self._refuse_unowned()
            self._refuse_satiation()
        return self

    def _penalties(self) -> None:
        """Refuse penalties of some cohorts only, and those that do not fit the states."""
        given = [c.penalty if c.penalty is not None else self.penalty for c in self.cohorts]
        for c, penalty in enumerate(given):
            if penalty is None and any(other is not None for other in given):
                raise Refused(
                    f"cohorts[{c}].penalty is missing; where a cohort has a penalty, all must have"
                    " one, or the economy"
                )
            if penalty is not None:
                penalties(penalty, 1, len(self.states.probabilities))

    def _refuse_unowned(self) -> None:
        """Refuse an equity that nobody owns."""
        owned = np.sum([np.array(c.equities, dtype=np.float64) for c in self.groups], axis=0)
        for name, total in zip(self.instruments.equity_names, owned, strict=True):
            if not total > 0.0:
                raise Refused(f"cohorts own none of equity {name}; somebody must")

    def _refuse_satiation(self) -> None:
        """Members of a cohort choose alike, so none can eat more than its share of all goods."""
        goods = sum(
            c.count
            * (
                np.array(c.endowment_later, dtype=np.float64)
                + self.instruments.payoffs @ np.array(c.equities, dtype=np.float64)
            )
            for c in self.groups
        )
        for i, cohort in enumerate(self.groups):
            most = float(np.max(goods))
            if cohort.utility == "quadratic at both dates":
                most = max(most, sum(c.count * float(c.endowment_now) for c in self.groups))
            most /= cohort.count
            if cohort.satiation is not None and float(cohort.satiation) < most:
                raise Refused(
                    f"cohorts[{i}].satiation is {cohort.satiation:g}; it must be at least {most:g},"
                    " a member's share if its cohort had all goods, or more could be worse"
                )

    def extent(self) -> Extent:
        """Every member is kept, with what it plans in each state and holds of each equity."""
        members = sum(c.count for c in self.groups if isinstance(c.members, int))
        each = len(self.states.probabilities) + len(self.equities.payoffs)
        return Extent(members, 1, 1, SHOWN + SHOWN_EACH * each, ("cohorts.members", ""), EACH_PLANS)

    @property
    def groups(self) -> list[CohortOfInvestors]:
        """The cohorts that trade: of the first alone its members, if these are given."""
        if self.members is None:
            return self.cohorts
        return [self.cohorts[0].model_copy(update={"members": self.members})]

    @property
    def cohort_names(self) -> list[str]:
        """Names of the cohorts that trade."""
        return [c.name or f"cohort {i + 1}" for i, c in enumerate(self.groups)]

    @property
    def instruments(self) -> BondAndEquities:
        """What is traded."""
        return BondAndEquities(
            np.array(self.states.probabilities),
            np.array(self.equities.payoffs).reshape(-1, len(self.states.probabilities)).T,
            tuple(self.states.names or ()),
            tuple(self.equities.names or ()),
        )
