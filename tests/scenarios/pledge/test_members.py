"""Investors of one's own in the scenarios of pledging: given, drawn, named; and what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import walras
from simulator.verify import verify

FUNDS = pd.DataFrame(
    {
        "name": ["Uri", "Aarau", "Jura", "Bern", "Zug"],
        "access": ["spot", "repo", "spot", "repo", "spot"],
        "wealth": [0.4, 0.05, 0.3, 0.02, 0.2],
        "risk_aversion": [2.0, 3.0, 4.0, 2.0, 2.5],
    }
)
DRAWN: dict[str, Any] = {
    "members": 60,
    "wealth": "lognormal(mean=0.02, sd=0.01)",
    "risk_aversion": "uniform(low=1.5, high=4)",
    "correlation": {"wealth, risk_aversion": -0.7},
}


def run(scenario: str = "pledgeability", **given: Any) -> walras.Run:
    return walras.run(scenario, studies=False, **{"days": 12, **given})


def test_a_file_keeps_names_and_order_and_is_verified(tmp_path: Path) -> None:
    FUNDS.to_csv(tmp_path / "funds.csv", index=False)
    made = run(members=str(tmp_path / "funds.csv"))
    assert made.outcome is walras.Outcome.CLEARED
    assert "right forecasts" in [condition.name for condition in made.certificate.conditions]
    assert made.equilibrium == run(members=FUNDS).equilibrium
    for role in ("spot", "repo"):
        rows = made.agents[made.agents["role"] == role]
        own = FUNDS[FUNDS["access"] == role]
        for column in ("name", "wealth", "risk_aversion"):
            assert rows[column].tolist() == own[column].tolist()
    assert made.dates["traders_trading"].tolist() == [5.0] * 12
    folder = made.export(tmp_path / "runs", plots=False)
    (tmp_path / "funds.csv").unlink()
    found = verify(folder, walras.find)
    assert found.certified
    assert found.altered == ()


@pytest.mark.parametrize("learning", ["map", "reasoning"])
def test_learning_finds_the_price_function_of_investors_who_differ(learning: str) -> None:
    """Of wealth over risk aversion, summed by side, the weights of value and noise follow."""
    made = run(members=FUNDS, learning=learning)
    tolerance = FUNDS["wealth"] / FUNDS["risk_aversion"]
    spot, repo = (tolerance[FUNDS["access"] == role].sum() for role in ("spot", "repo"))
    depth = spot - repo * 0.8 / 0.2
    last = made.dates.iloc[-1]
    assert last["realised_b1"] / last["realised_b2"] == pytest.approx(2.0 * depth, rel=1e-9)
    assert last["conjecture_b1"] == pytest.approx(last["realised_b1"], rel=1e-9)
    assert last["realised_b3"] == pytest.approx(repo * 4.0 / depth, rel=1e-9)
    assert made.closed_form is None  # of investors with one risk aversion


def test_investors_alike_are_those_of_the_parameters() -> None:
    given: dict[str, Any] = {"days": 3, "population": "continuum"}
    one = run(investors=40, **given)
    other = run(members={"members": 40}, **given)
    for name in ("log_price", "closed_log_price", "realised_b1", "realised_b2"):
        assert other.dates[name].tolist() == pytest.approx(one.dates[name].tolist(), abs=1e-12)


def test_wealth_alone_leaves_a_closed_form() -> None:
    wealth = np.array([0.6, 0.1, 0.2, 0.05])
    access = ["spot", "spot", "spot", "repo"]
    made = run(members={"wealth": wealth.tolist(), "access": access}, population="continuum")
    last = made.dates.iloc[-1]
    depth = (0.9 - 0.05 * 4.0) / 2.0
    assert last["realised_b2"] == pytest.approx(last["realised_b1"] / (2.0 * depth), rel=1e-9)
    # the closed form is that of a continuum: the mean error of signals, weighted with orders, is
    # what sets the price of four investors apart
    assert math.isfinite(last["closed_log_price"])
    details = made.details[-1]["coefficients"]
    assert isinstance(details, dict)
    for name in ("b0", "b1", "b2", "b3"):
        assert details["realised"][name] == pytest.approx(details["closed_form"][name], abs=1e-9)


@pytest.mark.parametrize("scenario", ["pledgeability", "pledgeable-securities"])
def test_populations_are_drawn_by_the_seed(scenario: str, tmp_path: Path) -> None:
    members = DRAWN if scenario == "pledgeability" else {**DRAWN, "risk_aversion": 2.0}
    members = {key: value for key, value in members.items() if key != "correlation"} | (
        {"correlation": DRAWN["correlation"]} if scenario == "pledgeability" else {}
    )
    given: dict[str, Any] = {"members": members, "days": 5}
    one, two = run(scenario, **given), run(scenario, **given)
    other = walras.run(scenario, seed=1, studies=False, **given)
    assert one.outcome is other.outcome is walras.Outcome.CLEARED
    assert one.agents.equals(two.agents)
    assert one.agents["wealth"].nunique() == 61  # and noise traders have none
    assert not one.agents["wealth"].equals(other.agents["wealth"])
    if scenario == "pledgeability":
        drawn = one.agents[one.agents["role"] != "noise"]
        ranks = drawn[["wealth", "risk_aversion"]].corr("spearman")
        assert ranks.iloc[0, 1] == pytest.approx(-0.7, abs=0.2)
    folders = [made.export(tmp_path / name, plots=False) for name, made in (("a", one), ("b", two))]
    one_file, two_file = ((folder / "agents.csv").read_bytes() for folder in folders)
    assert one_file == two_file
    assert verify(folders[0], walras.find).certified
    assert one.plot()


def test_limits_and_regression_work_with_investors_who_differ() -> None:
    ample = FUNDS.assign(wealth=50.0 * FUNDS["wealth"])
    limited = run(members=ample, limits="imposed", learning="none", days=3)
    assert limited.outcome is walras.Outcome.CLEARED
    learnt = run(members=DRAWN, learning="regression", days=30)
    assert learnt.outcome is walras.Outcome.CLEARED


def test_a_changed_wealth_in_the_table_is_not_certified() -> None:
    made = run(members=FUNDS, days=3)
    point = made.points[-1]
    table = point.agents.assign(wealth=point.agents["wealth"] * 1.01)
    changed = type(point)(point.case, point.date, point.quotes, table, complete=True)
    assert made.scenario.certify(made.parameters, point).holds
    assert not made.scenario.certify(made.parameters, changed).holds


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"members": {"access": ["spot", "rep"]}}, "row 2: access is rep; it must be spot or repo"),
        ({"members": {"access": ["spot", "spot"]}}, "no investor whose access is repo"),
        ({"members": {"wealth": [1.0, 0.0]}}, r"members, row 2: wealth is 0.* in \(0, inf\)"),
        ({"members": {"members": 9, "risk_aversion": 1}}, "members: risk_aversion is 1"),
        ({"members": {"members": 9, "welth": 1}}, 'did you mean "wealth"'),
        (
            {"members": {"wealth": [1.0, 1.0], "access": ["spot", "repo"]}},
            "haircut is 0.2; it",
        ),
        ({"members": FUNDS, "demand": "exact"}, "risk_aversion differs"),
    ],
)
def test_what_can_not_be_used_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(walras.Refused, match=said):
        run(**given)
