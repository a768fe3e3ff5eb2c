"""Credit risk as an outcome of endowment risk: one economy, simulated anew for every risk."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pandas as pd

from markets.bankruptcy.book import BondBook
from markets.bankruptcy.quotes import BondQuotes
from markets.refused import Refused
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from scenarios.bankruptcy.credit_risk import summary
from scenarios.bankruptcy.default_state import read_either
from simulator.economy import Economy
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.point import at_rest

STUDY = "credit_risk_by_endowment_risk"
"""Name of the table."""

RISKS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Endowment risk as multiples of the economy's own (as far as endowments stay positive)."""

RISKS_UP_TO = 2_000
"""Members up to which the table is made; every row is a run."""

Make = Callable[[BankruptcyCapm, np.random.Generator], Economy[float, BondQuotes, BondBook]]


def credit_risk_by_endowment_risk(
    parameters: BankruptcyCapm, rng: np.random.Generator, make: Make
) -> pd.DataFrame | None:
    """Quotes and credit risk by endowment risk, one row per risk at which the markets clear.

    Members are drawn alike for all risks, so that at a risk of one the economy is the run's own.

    Parameters
    ----------
    parameters : BankruptcyCapm
        The economy at a risk of one.
    rng : numpy.random.Generator
        In the state in which the run began to draw.
    make : callable
        Builds the economy of parameters.

    Returns
    -------
    pandas.DataFrame or None
        Columns ``endowment_risk``, the quotes, and those of
        :func:`scenarios.bankruptcy.credit_risk.summary`; None if fewer than two risks clear, or
        where members are given one by one or drawn.
    """
    cohorts = parameters.groups
    if not all(c.alike for c in cohorts) or sum(c.count for c in cohorts) > RISKS_UP_TO:
        return None
    rows: list[dict[str, float]] = []
    for risk in RISKS:
        changed = at_risk(parameters, risk)
        if changed is None:
            continue
        economy = make(changed, copy.deepcopy(rng))
        if economy.clear(changed.max_rounds) is Outcome.CLEARED:
            point = at_rest("all", economy)
            state = read_either(changed.instruments, changed.limit, point)
            rows.append({"endowment_risk": risk, **point.quotes, **summary(state)})
        economy.close()
    return pd.DataFrame(rows) if len(rows) > 1 else None


def at_risk(parameters: BankruptcyCapm, risk: float) -> BankruptcyCapm | None:
    """The same economy with endowments at date 1 further from their means, if still positive."""
    rho = np.array(parameters.states.probabilities)
    values = parameters.model_dump()
    for cohort in values["cohorts"]:
        later = np.array(cohort["endowment_later"])
        cohort["endowment_later"] = (rho @ later + risk * (later - rho @ later)).tolist()
    try:
        return parse(BankruptcyCapm, values)
    except Refused:
        return None
