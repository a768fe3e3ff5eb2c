"""Members of one's own in the scenarios of funding: given, drawn, named; and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import walras
from simulator.verify import verify

EXPERTS = pd.DataFrame(
    {"name": ["Uri", "Aarau", "Jura"], "cash": [-2.0, -1.5, -1.0], "endowment": [0.3, 0.2, 0.1]}
)
CUSTOMERS = pd.DataFrame({"name": ["b", "a"], "exposure": [2.0, 1.0], "risk_aversion": [1.0, 4.0]})
DRAWN: dict[str, Any] = {
    "members": 40,
    "cash": "normal(mean=-0.11, sd=0.01)",
    "endowment": "lognormal(mean=0.015, sd=0.003)",
    "correlation": {"cash, endowment": -0.6},
}


def run(scenario: str = "margin-spiral", **given: Any) -> walras.Run:
    short: dict[str, dict[str, Any]] = {
        "margin-spiral": {"experts_wealth": [-4.5, -4.7]},
        "funding-contagion": {"margin_factors": [1.0, 1.5]},
        "margin-procyclicality": {"dates": 6, "rules": ["flat", "volatility"]},
    }
    return walras.run(scenario, studies=False, **{**short[scenario], **given})


def rows(made: walras.Run, cohort: str, date: int = 1) -> pd.DataFrame:
    agents = made.agents
    return agents[(agents["cohort"] == cohort) & (agents["date"] == date)]


def test_experts_who_are_parts_of_one_change_no_price() -> None:
    one, many = run(), run(experts={"members": 7})
    assert many.outcome is walras.Outcome.CLEARED
    prices = one.dates["security_price"].tolist()
    assert many.dates["security_price"].tolist() == pytest.approx(prices, abs=1e-9)
    closed = one.dates["closed_security_price"].tolist()
    assert many.dates["closed_security_price"].tolist() == pytest.approx(closed, abs=1e-9)
    assert one.dates["traders_trading"].tolist() == [2.0, 3.0]  # at v one group is content
    assert many.dates["traders_trading"].tolist() == [8.0, 9.0]


def test_a_file_keeps_names_and_order_and_is_verified(tmp_path: Path) -> None:
    EXPERTS.to_csv(tmp_path / "experts.csv", index=False)
    CUSTOMERS.to_csv(tmp_path / "customers.csv", index=False)
    given = run(experts=str(tmp_path / "experts.csv"), customers=str(tmp_path / "customers.csv"))
    assert given.outcome is walras.Outcome.CLEARED
    assert rows(given, "experts")["name"].tolist() == EXPERTS["name"].tolist()
    assert rows(given, "experts")["endowed_cash"].tolist() == EXPERTS["cash"].tolist()
    later = EXPERTS["cash"] - 0.2 / 3.0  # what is lost after the first date is shared equally
    assert rows(given, "experts", 2)["endowed_cash"].tolist() == pytest.approx(later.tolist())
    assert rows(given, "customers")["risk_aversion"].tolist() == [1.0, 4.0]
    assert given.equilibrium == run(experts=EXPERTS, customers=CUSTOMERS).equilibrium
    folder = given.export(tmp_path / "runs", plots=False)
    (tmp_path / "experts.csv").unlink()
    found = verify(folder, walras.find)
    assert found.certified
    assert found.altered == ()


def test_experts_are_wiped_out_one_by_one() -> None:
    """The closed form has one expert; where some are wiped out there is only the certificate."""
    made = run(experts=EXPERTS.assign(cash=[-2.9, -1.5, -0.5]), experts_wealth=[-4.9])
    assert made.outcome is walras.Outcome.CLEARED
    held = rows(made, "experts")["position"].tolist()
    assert held[0] == 0.0
    assert min(held[1:]) > 0.0
    assert made.closed_form is None
    assert made.dates["equilibria"].isna().all()
    assert made.dates["traders_trading"].item() == 5.0


def test_risk_aversion_of_each_customer_adds_up_to_the_closed_form() -> None:
    made = run(customers=CUSTOMERS)
    assert made.outcome is walras.Outcome.CLEARED
    assert made.dates["security_price"].tolist() == pytest.approx(
        made.dates["closed_security_price"].tolist(), abs=1e-8, rel=0
    )


@pytest.mark.parametrize("scenario", ["margin-spiral", "funding-contagion"])
def test_populations_are_drawn_by_the_seed(scenario: str, tmp_path: Path) -> None:
    endings = [""] if scenario == "margin-spiral" else ["_stock", "_twin", "_other"]
    fields = {f"endowment{end}": DRAWN["endowment"] for end in endings}
    given = {
        "members": 40,
        "cash": DRAWN["cash"],
        **fields,
        "correlation": {f"cash, endowment{endings[0]}": -0.6},
    }
    one, two = run(scenario, experts=given), run(scenario, experts=given)
    other = walras.run(scenario, seed=1, studies=False, experts=given)
    assert one.outcome is other.outcome is walras.Outcome.CLEARED
    assert one.agents.equals(two.agents)
    assert one.equilibrium == two.equilibrium != other.equilibrium
    drawn = rows(one, "experts")
    first = drawn[drawn["asset"] == 0][["endowed_cash", "endowed_assets"]]
    assert first["endowed_cash"].nunique() == 40
    assert first.corr("spearman").iloc[0, 1] == pytest.approx(-0.6, abs=0.25)
    folders = [made.export(tmp_path / name, plots=False) for name, made in (("a", one), ("b", two))]
    one_file, two_file = ((folder / "agents.csv").read_bytes() for folder in folders)
    assert one_file == two_file
    assert verify(folders[0], walras.find).certified


def test_all_starts_of_a_search_have_the_members_of_the_run() -> None:
    """Else every start of this constrained market, which has one price, would find another one."""
    wealth: dict[str, Any] = {"margin_base": 1.5, "margin_slope": 0.0, "experts_wealth": [-4.5]}
    made = walras.run("margin-spiral", experts=DRAWN, starts=4, studies=False, **wealth)
    found = made.studies["equilibria"]
    assert made.dates["branch"].item() == "constrained"
    assert found["starts"].tolist() == [4]
    assert found["security_price"].item() == pytest.approx(made.equilibrium["security_price"])


def test_studies_know_the_members_that_were_drawn() -> None:
    alike = {**DRAWN, "cash": "normal(mean=-0.11, sd=0.0005)"}
    alike["endowment"] = "lognormal(mean=0.015, sd=0.0003)"
    made = walras.run("margin-spiral", experts_wealth=[-4.5, -4.7], experts=alike)
    branches = made.studies["equilibria_by_wealth"]
    funded = branches[branches["kind"] == "funded"]["experts_wealth"].min()
    endowed = rows(made, "experts")["endowed_assets"].sum()
    assert funded == pytest.approx(0.5 * 3.0 - 10.0 * endowed)
    assert "price_against_wealth" in made.plot()


def test_news_reach_given_traders_under_every_rule(tmp_path: Path) -> None:
    made = run(
        "margin-procyclicality",
        experts={"cash": [1.5, 0.7], "name": ["b", "a"]},
        customers={"members": 3, "risk_aversion": "uniform(low=2, high=4)"},
    )
    assert made.outcome is walras.Outcome.CLEARED
    both = [made.agents[made.agents["case"] == case] for case in ("flat", "volatility")]
    for agents in both:
        first = agents[(agents["date"] == 1) & (agents["cohort"] == "experts")]
        assert first["name"].tolist() == ["b", "a"]
    one, two = (agents[agents["cohort"] == "customers"] for agents in both)
    for column in ("risk_aversion", "exposure"):
        assert one[column].tolist() == two[column].tolist()
    assert one["exposure"].nunique() == 6  # shared equally, other news at each date
    assert verify(made.export(tmp_path, plots=False), walras.find).certified


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"experts": {"cash": [1.0], "endowmnt": [1.0]}}, 'experts: .* did you mean "endowment"'),
        ({"experts": {"cash": [1.0, "x"]}}, "experts, row 2: cash is x"),
        ({"experts": {"cash": [-99.0]}}, "experts start with"),
        ({"experts": {"cash": "normal(mean=-1, sd=2)"}}, "members is missing"),
        ({"experts": {"members": 2.5, "cash": 1.0}}, "members is 2.5"),
        ({"experts": {"members": 3, "cash": [1.0]}}, "experts has 1 rows, and members is 3"),
        (
            {"customers": {"risk_aversion": [0.0]}},
            r"row 1: risk_aversion is 0.*\(0, inf",
        ),
        ({"customers": {"members": 2, "risk_aversion": -1}}, "customers: risk_aversion is -1"),
        (
            {"customers": {"members": 9, "risk_aversion": "normal(mean=0, sd=1)"}},
            "customers: .* truncate",
        ),
        ({"customers": {"members": 2, "correlation": {"exposure, cash": 0.5}}}, "nothing is drawn"),
        ({"experts": "none.csv"}, "must be the name of a file"),
    ],
)
def test_what_can_not_be_used_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(walras.Refused, match=said):
        run(**given)


def test_members_do_not_depend_on_the_order_of_rows() -> None:
    shuffled = EXPERTS.iloc[[2, 0, 1]]
    one, two = run(experts=EXPERTS), run(experts=shuffled)
    assert two.equilibrium == pytest.approx(one.equilibrium, abs=1e-10)
    assert rows(two, "experts")["name"].tolist() == shuffled["name"].tolist()
    held = [rows(made, "experts").set_index("name")["position"].sort_index() for made in (one, two)]
    assert held[0].to_numpy() == pytest.approx(held[1].to_numpy(), abs=1e-9)
