"""Several starts: every stable resting point is found, unstable ones only when started there."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import walras
from markets.adjustment.rule import Adjustment
from markets.quote import Limits
from scenarios.exchange.published import KEHOE
from simulator.outcome import Outcome
from simulator.run import Run
from simulator.search import growth
from walras.command import app

STARTS = 24


def found(name: str, **parameters: object) -> pd.DataFrame:
    run = walras.run(name, studies=False, starts=STARTS, **parameters)  # type: ignore[arg-type]
    return run.studies["equilibria"]


@pytest.fixture(scope="module")
def kehoe() -> Run:
    """From many starts, one of which is the unstable equilibrium."""
    return walras.run("exchange", studies=False, starts=STARTS, consumers=KEHOE, start=[1.0, 1.0])


def test_both_stable_equilibria_of_kehoe_are_found_and_the_unstable_one_is_not() -> None:
    table = found("exchange", consumers=KEHOE)
    assert len(table) == 2
    assert (table["of"] == 2).all()
    assert (table["stable"] == "true").all()
    assert table["share"].sum() == pytest.approx(1.0)
    low, high = sorted(table["price[2]"])
    assert low * high == pytest.approx(1.0, rel=1e-8)  # mirror images
    assert low == pytest.approx(0.1272989, rel=1e-6)


def test_a_start_at_the_unstable_equilibrium_stays_and_is_called_unstable(kehoe: Run) -> None:
    table = kehoe.studies["equilibria"]
    unstable = table[table["stable"] == "false"]
    assert len(unstable) == 1
    assert unstable["price[2]"].item() == pytest.approx(1.0, rel=1e-9)
    assert unstable["starts"].item() == 1
    assert unstable["growth"].item() > 0.0


def test_the_textbook_rule_leaves_a_point_called_unstable_and_returns_to_a_stable_one(
    kehoe: Run,
) -> None:
    for row in kehoe.studies["equilibria"].to_dict("records"):
        near = [1.0, float(row["price[2]"]) * 1.001]
        run = walras.run("exchange", consumers=KEHOE, start=near, rule="plain", step=20.0)
        assert run.outcome is Outcome.CLEARED
        back = run.equilibrium["price[2]"] == pytest.approx(row["price[2]"], rel=1e-6)
        assert back == (row["stable"] == "true")


def test_both_prices_of_a_fragile_market_are_found() -> None:
    table = found("margin-spiral", experts_wealth=[-4.3])
    assert sorted(table["security_price"].round(6)) == [9.0, 10.0]
    assert (table["stable"] == "true").all()


def test_growth_is_the_largest_real_part_of_what_is_free_to_move() -> None:
    """Of the paces times the slopes of the coordinates that no limit holds."""

    def growing(slope: list[list[float]], residual: list[float]) -> float:
        box = Limits(np.zeros(3), np.ones(3), np.zeros(3, np.bool_), np.ones(3, np.bool_))
        state = Adjustment(np.array([0.5, 0.5, 1.0]), np.zeros(3), box)
        economy = SimpleNamespace(
            traded=True,
            adjustment=state,
            market=SimpleNamespace(pace=np.array([2.0, 1.0, 1.0])),
            slope=lambda: (np.array(residual), np.array(slope)),
        )
        return growth(economy)  # type: ignore[arg-type]

    slope = [[-1.0, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 7.0]]
    assert growing(slope, [0.1, 0.1, 0.1]) == 0.5  # the last is held at its upper limit
    assert growing(slope, [0.1, 0.1, -0.1]) == 7.0
    assert np.isnan(growing(slope, [0.1, 0.1, 0.0]))
    assert growing([[0.25, 3.0, 0.0], [-3.0, 0.5, 0.0], [0.0, 0.0, 7.0]], [0.0, 0.0, 1.0]) == (
        pytest.approx(0.5)  # half of the trace: the two are complex
    )


def test_one_equilibrium_is_one_from_any_start_at_every_date() -> None:
    table = found("margin-hike", traders=100, population="continuum")
    assert table["date"].tolist() == [1, 2]
    assert (table["of"] == 1).all()
    assert (table["starts"] == STARTS).all()


def test_members_who_are_drawn_are_the_same_from_every_start() -> None:
    """Substitutes have one equilibrium; other members would have another."""
    kind = {"name": "k", "weights": ["uniform(low=1, high=9)", 1.0], "elasticity": 2.0}
    kinds = [
        {**kind, "members": 5, "endowment": owned, "name": str(owned)}
        for owned in (["lognormal(mean=2, sd=2)", 0.0], [0.0, 1.0])
    ]
    run = walras.run("exchange", consumers=kinds, starts=4, start="primitives")
    found = run.studies["equilibria"]
    assert found["starts"].tolist() == [4]
    assert found["price[2]"].item() == pytest.approx(run.equilibrium["price[2]"], rel=1e-6)


def test_starts_that_do_not_rest_are_counted_by_outcome() -> None:
    table = found("exchange", rule="plain", max_rounds=30)
    assert table["outcome"].tolist() == ["ran out of rounds"]
    assert table["starts"].tolist() == [STARTS]
    assert (table["of"] == 0).all()


def test_the_same_seed_finds_the_same_and_the_command_says_so(tmp_path: Path) -> None:
    words = ["run", "exchange", "--starts", "3", "--json"]
    one, two = (CliRunner().invoke(app, words).stdout for _ in range(2))
    assert one == two
    assert len(json.loads(one)["studies"]["equilibria"]) == 1
    said = CliRunner().invoke(app, [*words[:-1], "--no-plots", "--quiet", "--out", str(tmp_path)])
    assert "one equilibrium found from 3 starts:" in said.stdout
    (written,) = tmp_path.iterdir()
    assert (written / "equilibria.csv").is_file()


def test_every_date_is_searched_from_starts_of_its_own() -> None:
    """On the way back the price stays low, but the high one is an equilibrium again."""
    wealths = [-4.0, -4.3, -4.7, -4.3]
    table = found("margin-spiral", experts_wealth=wealths)
    prices = table.groupby("date")["security_price"].apply(lambda p: sorted(p.round(6)))
    assert prices[2] == prices[4] == [9.0, 10.0]
    assert walras.run("margin-spiral", studies=False, experts_wealth=wealths).equilibrium[
        "security_price"
    ] == pytest.approx(9.0)


def test_the_figure_shows_the_equilibria_and_their_shares(kehoe: Run) -> None:
    figure = kehoe.plot()["equilibria"]
    table = kehoe.studies["equilibria"]
    moved = figure.axes[1]
    marked = {float(y) for line in moved.lines for y in np.asarray(line.get_ydata())}
    assert marked == set(table["price[2]"])
    assert {text.get_text() for text in moved.texts} == {f"{s:.0%}" for s in table["share"]}
    assert len(moved.lines) == 2  # stable and unstable ones differ in marker
    assert "equilibria" not in walras.run("exchange", studies=False).plot()
