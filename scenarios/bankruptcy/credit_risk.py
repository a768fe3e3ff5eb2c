"""Credit risk at a resting point: who defaults when, on how much, and what lenders lose.

Probability of default, exposure at default and recovery rate are outcomes here, not inputs:
section 5 of Eichberger, Rheinberger and Summer, "Credit Risk in General Equilibrium" (2014).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from markets.bankruptcy.instruments import BondAndEquities
from markets.quote import FloatArray
from scenarios.bankruptcy.state import State

DUST = 1e-9
"""Shortfall, as a share of the promise, that is rounding and not a default."""


def defaults(state: State) -> FloatArray:
    """Which members default in which states, as ones and zeros of shape (N, S)."""
    promised = state.promised[:, None]
    short = (promised > 0.0) & (promised - state.paid > DUST * promised)
    return short.astype(np.float64)


def by_cohort(state: State, instruments: BondAndEquities) -> pd.DataFrame | None:
    """One row per cohort and state, and ``all`` for both; None if nobody borrows.

    Columns: ``probability_of_default`` (share of the borrowers; over all states weighted by
    probabilities), ``exposure_at_default`` (promises of those who default; expected over all
    states), ``recovery_rate`` (share of that exposure which is seized, or
    delivered), ``loss`` (in goods).
    Recovery is one where there is no exposure.
    """
    rows = list(_rows(state, instruments))
    return pd.DataFrame(rows) if rows else None


def _rows(state: State, instruments: BondAndEquities) -> Iterator[dict[str, object]]:
    defaulted = defaults(state)
    promised = state.promised[:, None]
    paid = state.paid
    names = list(dict.fromkeys(state.cohort.tolist()))
    for name in [*names, "all"]:
        member = np.ones_like(state.bond) if name == "all" else (state.cohort == name) * 1.0
        borrowers = float(np.sum(member * (state.promised > 0.0)))
        if borrowers == 0.0:
            continue
        share = member @ defaulted / borrowers
        exposure = member @ (defaulted * promised)
        recovered = member @ (defaulted * paid)
        parts = np.column_stack([share, exposure, recovered])
        parts = np.vstack([parts, state.probabilities @ parts])
        labels = [*instruments.state_names, "all"]
        for label, (probability, exposed, back) in zip(labels, parts, strict=True):
            yield {
                "cohort": name,
                "state": label,
                "probability_of_default": float(probability),
                "exposure_at_default": float(exposed),
                "recovery_rate": float(back / exposed) if exposed > 0.0 else 1.0,
                "loss": float(exposed - back),
            }


def summary(state: State) -> dict[str, float]:
    """Credit risk of the whole market, for the table of dates.

    ``return_spread`` is what borrowers owe less what lenders expect, per good lent:
    (1 - E[r]) / q_b, the source's measure of illiquidity.
    """
    rho = state.probabilities
    defaulted = defaults(state)
    exposure = float(rho @ (state.promised @ defaulted))
    expected = float(rho @ state.rates)
    return {
        "promised": state.promises,
        "probability_of_default": float(rho @ np.max(defaulted, axis=0)),
        "expected_exposure": exposure,
        "expected_recovery": expected,
        "expected_loss": state.promises * (1.0 - expected),
        "return_spread": (1.0 - expected) / state.bond_price,
    }
