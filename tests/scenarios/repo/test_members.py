"""Members of one's own in margin-hike: from a table, drawn, named; and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import walras
from simulator.verify import verify

FIRMS = pd.DataFrame(
    {
        "name": ["Zug", "Aare", "Bern", "Chur", "Davos"],
        "belief": [0.9, 0.1, 0.5, 0.7, 0.3],
        "cash": [2.0, 1.0, 0.5, 3.0, 1.5],
        "securities": [0.0, 2.0, 1.0, 1.0, 0.0],
    }
)
LISTED: dict[str, Any] = {
    "beliefs": FIRMS["belief"].tolist(),
    "cash": FIRMS["cash"].tolist(),
    "securities": FIRMS["securities"].tolist(),
}


def run(**given: Any) -> walras.Run:
    return walras.run("margin-hike", studies=False, **{"haircuts": [0.1], **given})


def test_a_table_is_the_lists_that_it_holds_with_names_in_its_order(tmp_path: Path) -> None:
    FIRMS.to_csv(tmp_path / "members.csv", index=False)
    listed = run(**LISTED)
    for members in (FIRMS, str(tmp_path / "members.csv")):
        given = run(members=members)
        assert given.outcome is walras.Outcome.CLEARED
        assert given.equilibrium == listed.equilibrium
        assert given.agents["name"].tolist() == FIRMS["name"].tolist()
        assert given.agents["belief"].tolist() == FIRMS["belief"].tolist()
        assert given.agents["endowed_cash"].tolist() == FIRMS["cash"].tolist()
        by_belief = given.agents.sort_values("belief")["security"].tolist()
        assert by_belief == listed.agents.sort_values("belief")["security"].tolist()


def test_columns_that_are_missing_take_the_parameters_values() -> None:
    given = run(members=FIRMS[["name", "belief"]], cash=2.0)
    assert (given.agents["endowed_cash"] == 2.0).all()
    assert (given.agents["income_down"] == 1_000.0).all()  # the preset of the short market
    named = run(members=FIRMS[["name", "cash"]])
    assert named.agents["belief"].tolist() == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert named.agents["name"].tolist() == FIRMS["name"].tolist()


def test_the_order_of_the_rows_changes_no_quote() -> None:
    shuffled = FIRMS.sample(frac=1.0, random_state=3)
    given = run(members=shuffled)
    assert given.equilibrium == run(members=FIRMS).equilibrium
    assert given.agents["name"].tolist() == shuffled["name"].tolist()


def test_populations_are_drawn_by_the_seed_and_exported() -> None:
    given: dict[str, Any] = {
        "traders": 200,
        "beliefs": "beta(a=2, b=3)",
        "cash": "lognormal(mean=1, sd=2)",
        "correlation": {"belief, cash": 0.5},
    }
    one, two = run(**given), run(**given)
    other = walras.run("margin-hike", seed=1, studies=False, haircuts=[0.1], **given)
    assert one.outcome is other.outcome is walras.Outcome.CLEARED
    assert one.equilibrium == two.equilibrium != other.equilibrium
    drawn = one.agents[["belief", "endowed_cash"]]
    assert drawn["endowed_cash"].nunique() == 200
    assert drawn.corr("spearman").iloc[0, 1] == pytest.approx(0.5, abs=0.15)
    assert one.closed_form is None


def test_the_closed_form_is_that_of_beliefs_which_are_spread() -> None:
    assert run(traders=100, beliefs="beta(2, 3)").closed_form is not None
    assert run(members=FIRMS).closed_form is None


def test_a_run_says_how_many_trade() -> None:
    dates = run(members=FIRMS).dates
    assert dates["traders_trading"].item() == 5.0
    idle = pd.concat([FIRMS.assign(cash=1.0), FIRMS.iloc[:1].assign(name="poor", cash=0.0)])
    assert run(members=idle, income_up=0.0, income_down=0.0).dates["traders_trading"].item() == 5.0


def test_a_figure_names_who_buys_and_who_sells() -> None:
    found = run(members=FIRMS, haircuts=[0.05, 0.1])
    axes = found.plot()["net_trades"].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == FIRMS["name"].tolist()
    last = found.agents[found.agents["date"] == 2]
    bought = (last["security"] - last["endowed_securities"]) * found.equilibrium["security_price"]
    drawn = np.sum([[bar.get_width() for bar in bars] for bars in axes.containers], axis=0)
    np.testing.assert_allclose(drawn, bought)
    assert "net_trades" not in run(traders=5).plot()


def test_an_export_keeps_the_table_and_is_verified_without_the_original(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    FIRMS.to_csv(path, index=False)
    folder = run(members=str(path)).export(tmp_path / "runs", plots=False)
    other = FIRMS.assign(cash=1.0)
    other.to_csv(path, index=False)
    again = run(members=str(path)).export(tmp_path / "runs", plots=False)
    assert again != folder  # another table of the same name is another run
    path.unlink()
    assert verify(folder, walras.find).certified
    assert verify(folder, walras.find).altered == ()


def test_an_export_keeps_the_file_that_a_distribution_names(tmp_path: Path) -> None:
    path = tmp_path / "firms.csv"
    FIRMS.to_csv(path, index=False)
    drawn = run(traders=50, cash=f"empirical(file={path}, column=cash)")
    assert set(drawn.agents["endowed_cash"]) <= set(FIRMS["cash"])
    folder = drawn.export(tmp_path / "runs", plots=False)
    path.unlink()
    assert (folder / "firms.csv").is_file()
    assert verify(folder, walras.find).certified


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"members": {"belief": [0.5]}}, "at least two"),
        ({"members": {"belief": [0.5, 1.0]}}, r"row 2: belief is 1.0; it must be a number in \(0"),
        ({"members": {"beleif": [0.5, 0.6]}}, 'did you mean "belief"'),
        ({"members": FIRMS.assign(securities=0.0)}, "securit"),
        ({"beliefs": "normal(mean=0.5, sd=1)", "traders": 50}, "truncate"),
        ({"cash": "lognormal(mean=1)"}, "lacks sd"),
        ({"correlation": {"belief, cash": 0.5}}, "nothing is drawn"),
    ],
)
def test_what_can_not_be_used_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(walras.Refused, match=said):
        run(**given)


def test_hundred_thousand_members_are_read_and_cleared(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"belief": rng.beta(2, 3, 100_000), "cash": rng.exponential(1, 100_000)})
    table.to_csv(tmp_path / "members.csv", index=False)
    assert run(members=str(tmp_path / "members.csv")).outcome is walras.Outcome.CLEARED
