"""Members of the cohorts of ``bankruptcy-capm`` as arrays: alike, spread, drawn or one by one."""

from __future__ import annotations

import numpy as np

from agents.bankruptcy.utility import (
    ConstantRiskAversion,
    LinearQuadratic,
    QuadraticAtBothDates,
    Utility,
)
from markets.bankruptcy.instruments import BondAndEquities, numbered
from markets.quote import FloatArray
from markets.refused import Refused
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm, CohortOfInvestors
from scenarios.bankruptcy.economy import Members, Penalty, penalties
from simulator.population.members import Value, populate, table_of
from simulator.population.table import Column


def members_of(
    cohort: CohortOfInvestors,
    name: str,
    instruments: BondAndEquities,
    rng: np.random.Generator,
    penalty: Penalty | None = None,
) -> Members:
    """A cohort as arrays: given or drawn members, and then endowments spread around theirs.

    Parameters
    ----------
    cohort : CohortOfInvestors
        The table of the cohort.
    name : str
        Its name.
    instruments : BondAndEquities
        What is traded.
    rng : numpy.random.Generator
        The one source of randomness.
    penalty : float or list of float, optional
        That of the economy, which counts where the cohort has none of its own.

    Raises
    ------
    Refused
        If a table can't be used, or what is drawn is not allowed.
    """
    states, equities = instruments.state_names, instruments.equity_names
    later = [numbered("endowment_later", state) for state in states]
    owned = [numbered("equities", equity) for equity in equities]
    punished = [numbered("penalty", state) for state in states]
    form: tuple[str, ...] = ("weight", "satiation")
    if cohort.utility == "constant risk aversion":
        form = ("risk_aversion", "patience")
    values: dict[str, Value] = {"endowment_now": cohort.endowment_now}
    values |= dict(zip(later, cohort.endowment_later, strict=True))
    values |= dict(zip(owned, cohort.equities, strict=True))
    for field in form:
        value = getattr(cohort, field)
        values[field] = 1.0 if value is None else value
    columns = [Column(field, "", "", 0.0, open_low=field not in owned) for field in values]
    penalty = penalty if cohort.penalty is None else cohort.penalty
    if penalty is not None:
        values |= dict(zip(punished, penalties(penalty, 1, len(states))[0].tolist(), strict=True))
        columns += [Column(field, "utility per good", "", 0.0) for field in punished]
    table = None if isinstance(cohort.members, int) else table_of(cohort.members, columns)
    count = cohort.count if table is None else len(table)
    made = populate(table, values, count, columns, cohort.correlation, rng)

    def spread(fields: list[str]) -> FloatArray:
        wobble = rng.uniform(-cohort.spread, cohort.spread, (made.count, len(fields)))
        return np.asarray(made.several(fields) * (1.0 + wobble))

    utility: Utility = ConstantRiskAversion(*(made.each(field) for field in form))
    if cohort.utility == "quadratic":
        utility = LinearQuadratic(*(made.each(field) for field in form))
    elif cohort.utility == "quadratic at both dates":
        utility = QuadraticAtBothDates(*(made.each(field) for field in form))
    return Members(
        name,
        utility,
        now=spread(["endowment_now"])[:, 0],
        later=spread(later),
        equities=spread(owned),
        penalty=None if penalty is None else made.several(punished),
        names=made.names,
    )


def everybody(parameters: BankruptcyCapm, rng: np.random.Generator) -> list[Members]:
    """All cohorts as arrays.

    Raises
    ------
    Refused
        If given or drawn members can't be used, own none of an equity, or own more goods than they
        want.
    """
    instruments = parameters.instruments
    cohorts = [
        members_of(cohort, name, instruments, rng, parameters.penalty)
        for cohort, name in zip(parameters.groups, parameters.cohort_names, strict=True)
    ]
    owned = sum(np.sum(members.equities, axis=0) for members in cohorts)
    for equity, total in zip(instruments.equity_names, np.atleast_1d(owned), strict=True):
        if not total > 0.0:
            raise Refused(f"nobody owns equity {equity}; somebody must")
    for cohort, members in zip(parameters.groups, cohorts, strict=True):
        if not cohort.alike:
            _refuse_satiated(members, instruments)
        if members.penalty is not None and not members.penalty.any(axis=1).all():
            who = _called(members, int(np.argmin(members.penalty.any(axis=1))))
            raise Refused(
                f"{members.name}: penalty of {who} is 0 in all states; it must be above 0 in one"
            )
    return cohorts


def _called(members: Members, row: int) -> str:
    """Name of a member, or its number."""
    return f"member {row + 1}" if members.names is None else members.names[row]


def _refuse_satiated(members: Members, instruments: BondAndEquities) -> None:
    """Refuse members who own more than they want (what they want of others, the certificate sees).

    Utility is quadratic in the goods of each state; of both dates, too.
    """
    utility = members.utility
    if isinstance(utility, ConstantRiskAversion):
        return
    assert isinstance(utility, LinearQuadratic | QuadraticAtBothDates)
    most = np.max(members.later + members.equities @ instruments.payoffs.T, axis=1)
    if isinstance(utility, QuadraticAtBothDates):
        most = np.maximum(most, members.now)
    wrong = utility.satiation < most
    if wrong.any():
        row = int(np.argmax(wrong))
        raise Refused(
            f"{members.name}: satiation of {_called(members, row)} is {utility.satiation[row]:g};"
            f" it must be at least {most[row]:g}, what it owns in its best state, or more would be"
            " worse"
        )
