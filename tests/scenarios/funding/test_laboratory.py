"""Rules compared on given and on drawn prices, by the parameters of the scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import walras
from markets.margin.historical import FilteredValueAtRisk, ValueAtRisk
from markets.refused import Refused
from scenarios.funding.laboratory import Replay, RuleSettings, replayed
from scenarios.funding.price_paths import draw_prices
from simulator.parameters import parse

SHORT: dict[str, Any] = {
    "dates": 400, "skip": 150, "paths": 3,
    "rules": [
        {"rule": "value-at-risk", "confidence": 0.95, "window": 100},
        {"rule": "normal-value-at-risk", "confidence": 0.95, "buffer": 0.25},
    ],
}  # fmt: skip


def replay(**given: Any) -> Replay:
    from scenarios.funding.margin_procyclicality import MarginProcyclicality

    return parse(MarginProcyclicality, {"replay": SHORT | given}).replay


def test_means_and_standard_errors_are_those_of_the_series() -> None:
    tables = replayed(replay(), 5, np.random.default_rng(0))
    series = tables["replay_series"]
    assert series["series"].unique().tolist() == ["path 1", "path 2", "path 3"]
    for row in tables["replay"].to_dict("records"):
        mine = series.loc[series["rule"] == row["rule"], "average_margin"]
        assert row["average_margin"] == pytest.approx(mine.mean())
        assert row["average_margin_se"] == pytest.approx(mine.std() / np.sqrt(3.0))
    averages = tables["replay_same_average"]["average_margin"]
    assert averages.to_numpy() == pytest.approx(averages.iloc[0])


def test_prices_of_ones_own_are_replayed_security_by_security(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    days = pd.bdate_range("2010-01-04", periods=400).strftime("%Y-%m-%d")
    prices = {name: 90.0 * draw_prices("garch", 400, 0.01, rng) for name in ("bund", "btp")}
    pd.DataFrame({"date": days, **prices}).to_csv(tmp_path / "p.csv", index=False)
    run = walras.run(
        "margin-procyclicality", dates=2, rules=["flat"],
        replay=SHORT | {"prices": str(tmp_path / "p.csv")},
    )  # fmt: skip
    table = run.studies["replay_series"]
    assert table["series"].unique().tolist() == ["bund", "btp"]
    again = walras.run("margin-procyclicality", seed=9, dates=2, rules=["flat"],
                       replay=SHORT | {"prices": str(tmp_path / "p.csv")})  # fmt: skip
    pd.testing.assert_frame_equal(table, again.studies["replay_series"])  # nothing was drawn
    folder = run.export(tmp_path / "runs", plots=False)
    assert (folder / "p.csv").read_bytes() == (tmp_path / "p.csv").read_bytes()


def test_settings_make_the_rule_that_they_name() -> None:
    assert RuleSettings(rule="value-at-risk", horizon=3).make() == ValueAtRisk(
        horizon=3, side="long"
    )
    made = RuleSettings(rule="filtered-value-at-risk", decay=0.9, speed_limit=0.5).make()
    assert made == FilteredValueAtRisk(decay=0.9, speed_limit=0.5, side="long")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rules": [{"rule": "value-at-risk"}] * 2}, 'two rules are named "value-at-risk"'),
        ({"rules": [{"rule": "value-at-risk", "window": 50}]}, "window is 50"),
        ({"rules": [{"rule": "value"}]}, "rule is"),
        ({"rules": [{"rule": "value-at-risk", "windw": 50}]}, 'did you mean "window"'),
        ({"dates": 151}, "dates is 151"),
        ({"prices": "none.csv"}, "must be the name of a file"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        replay(**given)


def test_too_short_a_series_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("date,x\n2020-01-01,1\n2020-01-02,2\n", encoding="utf-8")
    with pytest.raises(Refused, match="has 2 dates; skip and the horizon take 151"):
        replayed(replay(prices=str(path)), 5, np.random.default_rng(0))
