"""A clearing house that can lose: layers, conservation, all equilibria of small ones, bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import walras
from scenarios.waterfall.default_waterfall import PAID_BY, SCENARIO
from simulator.outcome import Outcome
from simulator.run import Run
from simulator.verify import verify
from tests.scenarios.waterfall.enumerated import SmallHouse
from walras.command import app

MEMBERS = {
    "name": ["Aare", "Bern", "Chur", "Davos"],
    "cash": [30.0, 200.0, 80.0, 150.0],
    "position[bond]": [12.0, 4.0, -10.0, -6.0],
    "appetite[bond]": [40.0, 80.0, 40.0, 60.0],
}


def run(**given: Any) -> Run[Any]:
    found = SCENARIO.run(**given)
    assert found.outcome is Outcome.CLEARED, found.reason
    assert all(certificate.holds for certificate in found.certificates)
    return found


def test_the_default_has_a_quiet_date_one_that_reaches_several_layers_and_one_after() -> None:
    dates = run().dates.set_index(["case", "date"])
    assert dates["defaulted"].loc["greatest"].tolist() == [0.0, 4.0, 0.0]
    assert (dates.loc[("greatest", 2), list(PAID_BY[:-1])]
            > 1.0).all()  # fmt: skip
    # what is feared comes true: at no payment one more fails at the quiet date
    assert dates.loc[("least", 1), "defaulted"] == 1.0
    assert dates.loc[("greatest", 1), "extreme"] == "proved"


SOME = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 12))]
"""Seeds, of which the first is in the normal suite."""


@pytest.mark.parametrize("seed", SOME)
def test_cash_and_positions_are_conserved_in_every_round_and_from_date_to_date(seed: int) -> None:
    found = run(news="drawn", dates=12, volatility=0.05, income=4.0, seed=seed)
    scale = found.rounds["losses"].max()
    assert found.rounds["balance"].abs().max() < 1e-12 * scale
    borne = found.dates[list(PAID_BY)].sum(axis=1)
    assert found.dates["defaulted"].sum() > 5.0
    for case, dates in found.dates.groupby("case"):
        agents = found.agents[found.agents["case"] == case]
        for date in range(1, 13):
            before, after = (agents[agents["date"] == day] for day in (date, date + 1))
            for name in ("cash", "margin", "fund", "position[rates]", "position[credit]"):
                kept = name.replace("[", "_before[") if "[" in name else f"{name}_before"
                if len(after):  # nothing is lost overnight
                    assert np.array_equal(after[kept].to_numpy(), before[name].to_numpy())
        total = agents.groupby("date")[["cash", "margin", "fund"]].sum().sum(axis=1)
        income = agents.groupby("date")["income"].sum()
        start = agents[agents["date"] == 1][["cash_before", "margin_before", "fund_before"]]
        spent = dates.set_index("date")["capital_used"].cumsum()
        expected = float(start.sum().sum()) + income.cumsum() + spent
        assert total.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9)
        assert agents.groupby("date")["position[rates]"].sum().abs().max() < 1e-9
    unpaid = found.dates["losses"] - borne
    assert unpaid.min() > -1e-6


def test_investors_outside_pay_on_what_they_took_over() -> None:
    """At later dates positions net to zero only with theirs, and so do gains and losses."""
    found = run(news=[-0.02, -0.1, -0.05, 0.1], outside=300.0, equilibrium="greatest")
    assert found.rounds["balance"].abs().max() < 1e-9
    outside = found.agents[found.agents["cohort"] == "outside investors"]
    assert (outside["variation_margin"] != 0.0).tolist() == [False, False, True, True]
    total = found.agents.groupby("date")["variation_margin"].sum()
    assert total.abs().max() < 1e-9


def test_there_is_no_loss_to_others_where_margin_covers_the_move() -> None:
    dates = run(haircut=0.4, stress=[[-0.3, -0.3], [0.3, 0.3]], appetite=400.0, capital=0.0).dates
    assert dates["fund_required"].max() < 1e-9
    assert dates["defaulted"].sum() > 0.0  # no cash, but margin enough
    assert dates["own_margin_used"].sum() > 1.0
    assert dates[list(PAID_BY[1:])].abs().max().max() < 1e-9


def test_layers_that_are_left_out_pass_the_loss_on() -> None:
    whole, short = (
        run(equilibrium="greatest", layers=layers).dates.iloc[1]
        for layers in (["capital", "fund", "assessments", "gains"], ["gains"])
    )
    assert whole["gains_cut"] < 1e-6
    assert (
        short[["capital_used", "fund_used", "assessments_used", "own_fund_used"]].tolist()
        == [0.0] * 4
    )
    assert short["gains_cut"] > 100.0


@pytest.mark.parametrize("seed", SOME)
def test_what_rounds_find_is_among_all_equilibria_of_a_small_house(seed: int) -> None:
    """Greatest: nobody could be spared. Least: none has more defaults."""
    rng = np.random.default_rng(seed)
    position = rng.normal(0.0, 10.0, 5)
    position -= position.mean()
    small = SmallHouse(
        position=position, cash=rng.uniform(20.0, 160.0, 5), appetite=np.full(5, 60.0),
        before=100.0, worth=100.0 * (1.0 - rng.uniform(0.05, 0.2)), margin=5.0,
        fund=60.0, capital=10.0, cap=1.0,
    )  # fmt: skip
    found, every = rounds(small), small.equilibria()
    assert every
    for case, row in found.dates.set_index("case").iterrows():
        agents = found.agents[found.agents["case"] == case]
        fails = tuple((agents["status"] == "defaulted").tolist())
        match = [each for each in every if each.fails == fails]
        assert match, (case, fails, every)
        assert row["price[x]"] == pytest.approx(match[0].price, rel=1e-9)
        assert [row["gains_paid"], row["assessed"]] == pytest.approx(
            [match[0].gains_paid, match[0].assessed], abs=1e-7
        )
        if row["extreme"] == "proved":
            assert sum(fails) == min(sum(each.fails) for each in every)


def rounds(small: SmallHouse) -> Run[Any]:
    """The scenario for a small house; its fund comes from a stress scenario of just that size."""
    members = {
        "cash": small.cash.tolist(), "position[x]": small.position.tolist(),
        "appetite[x]": small.appetite.tolist(),
    }  # fmt: skip
    beyond = np.sort(np.maximum(-small.position, 0.0))[-1]
    stress = (small.fund / beyond + small.margin) / small.before
    return run(
        members=members, price=small.before, news=[small.worth / small.before - 1.0],
        haircut=small.margin / small.before, stress=[[stress]], cover=1, capital=small.capital,
        assessment_cap=small.cap,
    )  # fmt: skip


def test_the_order_of_members_does_not_matter() -> None:
    frame = pd.DataFrame(MEMBERS)
    turned = frame.iloc[::-1].reset_index(drop=True)
    one, other = (
        run(members=table, news=[-0.05, -0.1], equilibrium="greatest") for table in (frame, turned)
    )
    assert one.equilibrium == pytest.approx(other.equilibrium, rel=1e-12)
    wealth, again = (
        found.agents.set_index(["date", "name"])["wealth"].sort_index() for found in (one, other)
    )
    assert wealth.to_numpy() == pytest.approx(again.to_numpy(), rel=1e-10, abs=1e-9)
    assert one.dates["defaulted"].sum() > 0.0


def test_the_same_seed_gives_the_same_bytes_and_both_cases_the_same_members() -> None:
    one, other = (run(news="drawn", dates=3, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(one.agents, other.agents)
    first = one.agents[one.agents["date"] == 1].set_index(["case", "member"])["cash_before"]
    assert first["greatest"].tolist() == first["least"].tolist()


def test_news_from_a_file_is_that_which_is_listed(tmp_path: Path) -> None:
    prices = pd.DataFrame({"date": ["2020-03-02", "2020-03-03", "2020-03-04"],
                           "bond": [100.0, 98.0, 88.2]})  # fmt: skip
    prices.to_csv(tmp_path / "prices.csv", index=False)
    by_file = run(members=MEMBERS, news=str(tmp_path / "prices.csv"))
    listed = run(members=MEMBERS, news=[-0.02, -0.1])
    assert by_file.equilibrium == pytest.approx(listed.equilibrium, rel=1e-12)
    longer = run(members=MEMBERS, news=[-0.02, -0.1], dates=3)
    assert longer.dates["date"].max() == 3
    assert longer.dates["defaulted"].iloc[2] == 0.0


def test_members_are_kept_at_the_last_date_only_where_they_are_many() -> None:
    few = SCENARIO.parameters(traders=20)
    many = SCENARIO.parameters(traders=10_000, news="drawn", dates=250)
    assert SCENARIO.shows_traders(few) == "every date"
    assert SCENARIO.shows_traders(many) == "last date"


def test_a_run_is_exported_and_verified(tmp_path: Path) -> None:
    found = run(members=MEMBERS, news=[-0.05, -0.1])
    assert {"waterfall", "timeline", "balance_sheets"} <= set(found.plot())
    folder = found.export(tmp_path, plots=False)
    assert "who_pays.csv" in {path.name for path in folder.rglob("*")}
    assert verify(folder, lambda name: SCENARIO).certified


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"members": MEMBERS | {"position[bond]": [12.0, 4.0, -10.0, -5.0]}},
         r"position\[bond\] adds up to 1 over all members; cleared positions net to zero"),
        ({"members": MEMBERS | {"name": ["Aare", "Bern", "Chur", "Aare"]}},
         "members, row 4: name Aare is there twice"),
        ({"members": {"cash": [1.0, 2.0]}}, "members has no column of a security"),
        ({"cover": -1}, "cover is -1"),
        ({"capital": -20.0}, "capital is -20.0"),
        ({"layers": ["capital", "fund", "assessments"]}, "somebody bears what all other layers"),
        ({"layers": ["fund", "capital", "gains"]}, "in the order capital, fund, assessments, ga"),
        ({"news": [-0.1, -1.0]}, r"news\[1\] is -1.0; it must be a list with a number above -1"),
        ({"news": [-0.1, -0.1], "dates": 1},
         "news has 2 dates and dates is 1; there is no date 2 for it"),
        ({"news": []}, "news is empty"),
        ({"past": 3}, "past is 3; listed news has no rows before the first date"),
        ({"news": [[-0.1]]}, "news has a row of 1; there are 2 securities, rates, credit"),
        ({"debts": [[0.0, 1.0], [1.0]]}, "debts has 2 rows, of 2, 1 numbers"),
        ({"debts": [[0.0]]}, "debts has 1 rows; it must have one for each of 20 members"),
        ({"securities": ["a", "a"]}, "securities are a, a; their names must differ"),
        ({"reverse_stress": [0.0, 0.0]}, "a direction has a change that is not 0"),
        ({"members": MEMBERS | {"owned[bond]": [1.0] * 4}}, "owned securities are sold to inv"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_sentence(given: dict[str, Any], message: str) -> None:
    with pytest.raises(walras.Refused, match=message):
        SCENARIO.run(**given)


def test_a_price_path_through_zero_is_refused_by_its_row(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("date,bond\n2020-01-01,100\n2020-01-02,0\n", encoding="utf-8")
    with pytest.raises(walras.Refused, match="row 2: bond is 0; a price must be a number above 0"):
        SCENARIO.run(members=MEMBERS, news=str(path))


def test_nobody_left_to_take_the_portfolio_is_an_outcome_with_advice(tmp_path: Path) -> None:
    asked = ["run", "default-waterfall", "--set", "appetite=0", "--set", "news=[-0.02, -0.5]"]
    said = CliRunner().invoke(app, [*asked, "--out", str(tmp_path), "--no-plots"])
    assert said.exit_code == 3
    words = " ".join(said.output.split())
    assert "nobody is left to buy them: give more members cash" in words
    assert list(tmp_path.rglob("dates.csv"))
