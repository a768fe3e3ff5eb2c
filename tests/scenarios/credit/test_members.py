"""Households of one's own in the scenarios of credit: given, drawn, named; and what is refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import walras
from scenarios.credit import published
from scenarios.credit.parameters import CreditTree
from scenarios.credit.prepayment import Prepayment
from scenarios.credit.primitives import CreditEconomy
from simulator.verify import verify

HOMES = pd.DataFrame(
    {
        "name": ["Thun", "Biel", "Chur", "Visp"],
        "like": ["C", "A", "B", "C"],
        "scale": [0.25, 1.0, 1.0, 0.75],
    }
)
DRAWN: dict[str, Any] = {
    "like": ["P", "Q"],
    "scale": "uniform(low=0.7, high=1.3)",
    "endowment[good@u]": "lognormal(mean=1, sd=0.05)",
    "correlation": {"scale, endowment[good@u]": 0.5},
}


def run(scenario: str = "prepayment", **given: Any) -> walras.Run:
    return walras.run(scenario, studies=False, **given)


def economies(made: walras.Run) -> dict[str, CreditEconomy]:
    assert isinstance(made.parameters, CreditTree)
    return made.parameters.economies()


def test_households_cut_in_parts_change_no_quote_and_keep_names_and_order() -> None:
    parts = run(members=HOMES)
    assert parts.outcome is walras.Outcome.CLEARED
    assert parts.certificate.holds
    assert parts.dates["exact"].all()
    expected = {
        name: float(value)
        for name, value in published.EXAMPLE.expected.items()
        if isinstance(value, Fraction) and name in parts.equilibrium
    }
    assert "unit_payment[j0@d]" in expected
    assert {name: parts.equilibrium[name] for name in expected} == pytest.approx(
        expected, rel=1e-12
    )
    assert list(dict.fromkeys(parts.agents["household"])) == HOMES["name"].tolist()
    assert parts.dates["traders_trading"].item() == 4.0


def test_a_file_says_what_it_says_and_is_verified_without_the_original(tmp_path: Path) -> None:
    HOMES.assign(**{"endowment[good@d]": [0.3, 0.1, 1.1, 0.9]}).to_csv(
        tmp_path / "homes.csv", index=False
    )
    made = run(members=str(tmp_path / "homes.csv"))
    (economy,) = economies(made).values()
    first, second, *_ = economy.households
    assert (first.endowment[0], first.endowment[3]) == ((Fraction(1, 2),), (Fraction(3, 40),))
    assert second.weights == Prepayment().economies()["economy"].households[0].weights
    folder = made.export(tmp_path / "runs", plots=False)
    (tmp_path / "homes.csv").unlink()
    found = verify(folder, walras.find)
    assert found.certified
    assert found.altered == ()


def test_households_are_drawn_by_the_seed_and_stand_in_the_table(tmp_path: Path) -> None:
    one, two = (run("credit-tree", members=DRAWN) for _ in range(2))
    assert isinstance(one.parameters, CreditTree)
    first, other = (one.parameters.entries(np.random.default_rng(seed)) for seed in (0, 1))
    assert one.outcome is walras.Outcome.CLEARED
    assert one.agents.equals(two.agents)
    assert first != other
    eaten = one.agents[one.agents["part"] == "consumed freely"]
    assert eaten[eaten["node"] == "u"]["endowed"].nunique() == 2
    folders = [made.export(tmp_path / name, plots=False) for name, made in (("a", one), ("b", two))]
    one_file, two_file = ((folder / "agents.csv").read_bytes() for folder in folders)
    assert one_file == two_file
    assert verify(folders[0], walras.find).certified


def test_a_changed_endowment_in_the_table_is_not_certified(tmp_path: Path) -> None:
    """Where households are drawn the certificate reads them from the exported table."""
    made = run("credit-tree", members={"members": 3, "scale": "uniform(low=0.9, high=1.1)"})
    (point,) = made.points
    assert made.scenario.certify(made.parameters, point).holds
    table = point.agents.copy()
    table.loc[table["part"] == "consumed freely", "endowed"] *= 1.01
    changed = type(point)(point.case, point.date, point.quotes, table, complete=True)
    assert not made.scenario.certify(made.parameters, changed).holds


@pytest.mark.parametrize(
    "scenario",
    [
        "credit-tree",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("liquidity-contraction", "housing")
        ),
    ],
)
def test_every_scenario_takes_drawn_households_and_draws_figures(scenario: str) -> None:
    types = {"housing": ["saver", "young", "middling"], "credit-tree": ["P", "Q"]}
    made = walras.run(
        scenario,
        members={
            "like": types.get(scenario, ["A", "B", "C"]),
            "scale": "lognormal(mean=1, sd=0.1)",
        },
        studies=False,
    )
    assert made.outcome is walras.Outcome.CLEARED
    drawn = [
        end.point.agents[end.point.agents["part"] == "consumed freely"]["endowed"].tolist()
        for end in made.ends
    ]
    assert all(each == drawn[0] for each in drawn)
    assert any(name.startswith("flows") for name in made.plot())


def test_each_good_at_each_node_has_columns_of_its_own() -> None:
    made = run(
        "housing",
        members={
            "like": ["saver", "young", "senior"],
            "endowment[house@0]": [2.0, 0.2, 0.1],
            "weight[house@0]": [0.25, 0.5, 0.6],
            "risk_aversion": [1.0, 1.0, 2.0],
        },
    )
    (economy,) = economies(made).values()
    assert [h.endowment[0][1] for h in economy.households] == [2, Fraction(1, 5), Fraction(1, 10)]
    assert [h.risk_aversion[1] for h in economy.households] == [1, 1, 2]
    assert made.outcome is walras.Outcome.CLEARED


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"like": ["A", "D"]}, "members, row 2: like is D; it must be A or B or C"),
        ({"scale": [1.0, 0.0]}, r"members, row 2: scale is 0.* in \(0, inf"),
        ({"endowment[good@x]": [1.0]}, 'did you mean "endowment'),
        ({"members": 2, "like": "E"}, "members: like is E"),
        ({"members": 9, "scale": "normal(mean=0, sd=1)"}, "members: .* truncate"),
        ({"name": ["a", "a"], "like": ["A", "B"]}, "row 2: name a is there twice"),
        ({"like": ["A"], "endowment[good@0]": [0.0]}, "endowments must be positive"),
    ],
)
def test_what_can_not_be_used_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(walras.Refused, match=said):
        run(members=given)
