"""Every number in the table is reached by simulation."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pandas as pd
import pytest

from scenarios.credit import credit_tree, prepayment, published
from scenarios.credit.credit_tree import CreditScenario
from simulator.published import Published

SCENARIOS: dict[str, CreditScenario] = {
    scenario.name: scenario for scenario in (prepayment.SCENARIO, credit_tree.SCENARIO)
}


def by_household(table: pd.DataFrame) -> dict[str, float]:
    """Columns of a table with one row per household, by name and household."""
    if table.empty:
        return {}
    rows = table.set_index("household")
    found = {f"{c}[{h}]": rows.loc[h, c] for c in ("most_paid", "least_taken") for h in rows.index}
    returns = ("return_on_letting", "return_on_security")
    return {**found, **{name: rows[name].iloc[0] for name in returns}}


@pytest.mark.parametrize("row", published.PUBLISHED, ids=lambda row: row.case)
def test_published_numbers_are_reached(row: Published) -> None:
    given: dict[str, Any] = dict(row.parameters)
    run = SCENARIOS[row.scenario].run(**given)
    assert run.certificate.holds
    found: dict[Any, Any] = {**run.dates.iloc[0].to_dict(), **run.equilibrium}
    found |= by_household(run.studies.get("rental_market", pd.DataFrame()))
    for name, value in row.expected.items():
        assert isinstance(value, float | Fraction)
        assert found[name] == pytest.approx(float(value), abs=row.tolerance), name
