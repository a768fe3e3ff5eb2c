"""Consumers of one's own: from a table, drawn, named; and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import walras
from simulator.verify import verify

PEOPLE = pd.DataFrame(
    {
        "name": ["Zug", "Aare", "Bern"],
        "endowment[bread]": [6.0, 0.0, 1.0],
        "endowment[wine]": [0.0, 4.0, 1.0],
        "weights[bread]": [1.0, 1.0, 2.0],
        "weights[wine]": [2.0, 1.0, 1.0],
        "elasticity": [0.5, 1.0, 2.0],
    }
)
GOODS = ["bread", "wine"]
LISTED = [
    {
        "name": row["name"],
        "weights": [row[f"weights[{k}]"] for k in GOODS],
        "endowment": [row[f"endowment[{k}]"] for k in GOODS],
        "elasticity": row["elasticity"],
    }
    for row in PEOPLE.to_dict("records")
]
DRAWN: dict[str, Any] = {
    "name": "farmer",
    "weights": ["uniform(low=0.1, high=1)", 1.0],
    "endowment": ["lognormal(mean=2, sd=1)", 0.1],
    "elasticity": "uniform(low=0.2, high=2)",
    "correlation": {"weights[1], elasticity": 0.6},
    "members": 200,
}
VINTNERS = {"name": "vintner", "weights": [1, 1], "endowment": [0, 3], "members": 100}


def run(seed: int = 0, **given: Any) -> walras.Run:
    return walras.run("exchange", seed=seed, **given)


def test_a_table_is_the_consumers_that_it_holds_in_its_order(tmp_path: Path) -> None:
    PEOPLE.to_csv(tmp_path / "people.csv", index=False)
    listed = run(consumers=LISTED, goods=GOODS)
    for members in (PEOPLE, str(tmp_path / "people.csv")):
        given = run(members=members)
        assert given.outcome is walras.Outcome.CLEARED
        assert given.equilibrium == listed.equilibrium
        assert list(given.equilibrium) == ["price[bread]", "price[wine]"]
        for column in PEOPLE:
            assert given.agents[column].tolist() == PEOPLE[column].tolist()
        assert given.agents["holding[wine]"].tolist() == listed.agents["holding[wine]"].tolist()
        assert given.dates["equilibrium"].item() == "1 of 1"


def test_the_order_of_rows_changes_no_price() -> None:
    given = run(members=PEOPLE[::-1])
    assert given.equilibrium == run(members=PEOPLE).equilibrium
    assert given.agents["name"].tolist() == ["Bern", "Aare", "Zug"]


def test_columns_that_are_missing_are_as_the_kind_says() -> None:
    kind = {"name": "kind", "weights": [1, "uniform(low=1, high=2)"], "endowment": [1, 1]}
    table = PEOPLE[["name", "endowment[bread]"]].replace(0.0, 0.5)
    made = run(goods=GOODS, consumers=[{**kind, "members": table}, VINTNERS])
    assert made.agents["name"].tolist() == ["Zug", "Aare", "Bern", "vintner"]
    assert made.agents["endowment[bread]"].tolist() == [6.0, 0.5, 1.0, 0.0]
    assert made.agents["endowment[wine]"].tolist() == [1.0, 1.0, 1.0, 3.0]
    assert made.agents["weights[wine]"].nunique() == 4  # three drawn
    assert made.agents["members"].tolist() == [1.0, 1.0, 1.0, 100.0]


def test_kinds_are_drawn_by_the_seed_with_rank_correlation_and_shown() -> None:
    one, two, other = (run(seed, consumers=[DRAWN, VINTNERS]) for seed in (1, 1, 2))
    assert one.outcome is other.outcome is walras.Outcome.CLEARED
    assert one.agents.equals(two.agents)
    assert one.rounds.equals(two.rounds)
    assert one.equilibrium != other.equilibrium
    drawn = one.agents[one.agents["name"] != "vintner"]
    assert len(drawn) == 200
    assert drawn["name"].iloc[-1] == "farmer 200"
    ranks = drawn[["weights[1]", "elasticity"]].corr("spearman").iloc[0, 1]
    assert ranks == pytest.approx(0.6, abs=0.15)
    assert one.dates["traders_trading"].item() == 300.0


def test_who_wants_what_he_owns_does_not_trade() -> None:
    """At the price of 1 that clears, the third consumer owns what it wants."""
    table = {"weights[1]": [1, 1, 1], "weights[2]": [1, 1, 1]}
    table |= {"endowment[1]": [2, 0, 1], "endowment[2]": [0, 2, 1]}
    assert run(members=table).dates["traders_trading"].item() == 2.0


def test_an_export_is_verified_without_the_original(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    PEOPLE.to_csv(path, index=False)
    folders = [
        made.export(tmp_path / "runs", plots=False)
        for made in (run(members=str(path)), run(consumers=[DRAWN, VINTNERS]))
    ]
    path.unlink()
    for folder in folders:
        found = verify(folder, walras.find)
        assert found.certified
        assert found.altered == ()
    agents = pd.read_csv(folders[0] / "agents.csv")
    assert agents["name"].tolist() == PEOPLE["name"].tolist()


def test_the_figure_of_net_trades_shows_consumers_by_name() -> None:
    axes = run(members=PEOPLE).plot()["net_trades"].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == PEOPLE["name"].tolist()


def test_holdings_of_others_than_the_given_are_not_certified() -> None:
    made = run(members=PEOPLE)
    point = made.points[-1]
    agents = point.agents.assign(elasticity=[1.0, 1.0, 2.0])
    false = type(point)(point.case, 1, point.quotes, agents, complete=True)
    assert walras.find("exchange").certify(made.parameters, point).holds
    assert not walras.find("exchange").certify(made.parameters, false).holds


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"members": PEOPLE.rename(columns={"elasticity": "elasticty"})}, 'mean "elasticity"'),
        ({"members": PEOPLE.assign(elasticity=[1, -1, 1])}, "row 2: elasticity is -1"),
        ({"members": PEOPLE.assign(**{"weights[wine]": 0.0})}, "good wine: somebody must"),
        ({"members": PEOPLE.assign(**{"endowment[wine]": [0, 0, 1]})}, "endowment of Aare are all"),
        ({"members": PEOPLE, "goods": ["bread", "beer"]}, "is not a column; did you mean"),
        ({"members": PEOPLE[["name"]]}, "columns of 0 goods; at least two"),
        ({"members": PEOPLE.assign(name="x")}, "name x is there twice"),
        ({"consumers": [{**DRAWN, "members": 0}]}, "consumers.0..members is 0; it must be a whole"),
        ({"consumers": [{**DRAWN, "elasticity": "normal(mean=0, sd=1)"}, VINTNERS]}, "truncate"),
        ({"consumers": [{**DRAWN, "elasticity": "fast"}, VINTNERS]}, "no distribution"),
        ({"consumers": [VINTNERS | {"correlation": {"a, b": 0.5}}]}, "nothing is drawn"),
    ],
)
def test_what_can_not_be_used_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(walras.Refused, match=said):
        run(**given)


def test_hundred_thousand_consumers_are_read_and_cleared(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    columns = [f"{what}[{k}]" for what in ("weights", "endowment") for k in "ab"]
    pd.DataFrame(rng.uniform(0.1, 1.0, (100_000, 4)), columns=columns).to_csv(
        tmp_path / "people.csv", index=False
    )
    assert run(members=str(tmp_path / "people.csv")).outcome is walras.Outcome.CLEARED
