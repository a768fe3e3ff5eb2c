"""The scenario bankruptcy: bad input, regimes, and what is shown where nobody borrows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from markets.refused import Refused
from scenarios.bankruptcy.bankruptcy import SCENARIO, TwoInvestors
from simulator.outcome import Outcome


def test_two_investors_refuse_satiation_within_reach() -> None:
    with pytest.raises(Refused, match=r"borrower_satiation is 1; it must be at least 1\.5"):
        SCENARIO.run(borrower_satiation=1.0)


def test_the_closed_form_does_not_depend_on_who_is_called_the_borrower() -> None:
    names = ("weight", "satiation", "endowment_now", "endowment_later")
    given = TwoInvestors()
    swapped: dict[str, Any] = {}
    for name in names:
        swapped[f"lender_{name}"], swapped[f"borrower_{name}"] = given.pair(name)
    mirror = TwoInvestors(**swapped).solution
    assert mirror is not None
    assert given.solution is not None
    assert mirror.borrower == 1
    assert mirror.bond_price == given.solution.bond_price
    run, other = SCENARIO.run(studies=False), SCENARIO.run(studies=False, **swapped)
    for name, value in run.equilibrium.items():
        assert other.equilibrium[name] == pytest.approx(value, rel=1e-9)


def test_where_nobody_borrows_there_is_no_report() -> None:
    assert SCENARIO.run(short_limit=0.0).printed is None
    report = SCENARIO.run(studies=False).printed
    assert report is not None
    assert report["cohort"].tolist() == ["borrower"] * 2 + ["all"] * 2


def test_nobody_may_borrow_leaves_an_interval_of_prices() -> None:
    run = SCENARIO.run(short_limit=0.0)
    assert run.outcome is Outcome.CLEARED
    row = run.dates.iloc[0]
    assert row["regime"] == "no borrowing allowed"
    assert row["lowest_bond_price"] == pytest.approx(3.0, abs=1e-12)
    assert row["highest_bond_price"] == np.inf
    assert run.equilibrium["bond_price"] >= 3.0 - 1e-9
    assert "bond_price" not in (run.closed_form or {})


def test_a_little_room_to_borrow_tends_to_the_price_without_any() -> None:
    """Nested models: as the short limit goes to 0, prices go to the lowest one of kappa = 0."""
    gaps = [
        abs(SCENARIO.run(studies=False, short_limit=limit).equilibrium["bond_price"] - 3.0)
        for limit in (1e-2, 1e-3, 1e-4)
    ]
    assert gaps == pytest.approx([1e-2, 1e-3, 1e-4], rel=1e-6)


REGIMES: dict[str, dict[str, Any]] = {
    "no bankruptcy": {
        "borrower_endowment_later": 2.0, "borrower_satiation": 3.0, "borrower_weight": 1.0
    },
    "bankruptcy": {},
    "lender spends all": {"lender_endowment_now": 0.6},
    "short limit binds": {"short_limit": 0.4},
    "no trade": {"borrower_weight": 1.0, "borrower_satiation": 3.5},
}  # fmt: skip


@pytest.mark.parametrize(("regime", "changed"), REGIMES.items(), ids=list(REGIMES))
def test_every_regime_of_the_closed_form_is_found(regime: str, changed: dict[str, Any]) -> None:
    run = SCENARIO.run(studies=False, polish=True, **changed)
    assert run.outcome is Outcome.CLEARED
    assert run.dates["regime"].iloc[0] == regime
    known = run.closed_form
    assert known is not None
    for name, value in run.equilibrium.items():
        assert value == pytest.approx(known[name], abs=1e-10), name
    assert run.dates["promised"].iloc[0] == pytest.approx(known["promised"], abs=1e-10)


def test_random_pairs_agree_with_the_closed_form() -> None:
    rng = np.random.default_rng(7)
    regimes = set()
    for _ in range(40):
        given: dict[str, Any] = {
            f"{role}_{name}": float(rng.uniform(low, high))
            for role in ("borrower", "lender")
            for name, low, high in (
                ("weight", 0.5, 3.0),
                ("satiation", 3.2, 6.0),
                ("endowment_now", 0.2, 4.0),
                ("endowment_later", 0.1, 1.6),
            )
        }
        run = SCENARIO.run(studies=False, **given)
        assert run.outcome is Outcome.CLEARED, given
        regimes.add(run.dates["regime"].iloc[0])
        for name, value in run.equilibrium.items():
            assert run.closed_form is not None
            assert value == pytest.approx(run.closed_form[name], abs=1e-7), (name, given)
    assert {"bankruptcy", "no bankruptcy", "lender spends all"} <= regimes
