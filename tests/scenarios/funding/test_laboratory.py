"""Rules compared on given and on drawn prices, by the parameters of the scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import walras
from markets.margin.historical import FilteredValueAtRisk, ValueAtRisk
from markets.refused import Infeasible, Refused
from scenarios.funding.laboratory import Replay, replayed
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.price_paths import draw_prices
from simulator.run import simulate

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


def test_settings_make_the_rule_that_they_name_for_long_positions() -> None:
    rules = [
        {"rule": "value-at-risk", "horizon": 3},
        {"rule": "filtered-value-at-risk", "decay": 0.9, "side": "short"},
    ]
    made = replay(rules=rules).made()
    assert made == {
        "value-at-risk": ValueAtRisk(horizon=3, side="long"),
        "filtered-value-at-risk": FilteredValueAtRisk(decay=0.9, side="short"),
    }


def file_of(folder: Path, name: str, **prices: list[float]) -> str:
    length = len(next(iter(prices.values())))
    days = pd.bdate_range("2010-01-04", periods=length).strftime("%Y-%m-%d")
    pd.DataFrame({"date": days, **prices}).to_csv(folder / name, index=False)
    return str(folder / name)


def test_every_tool_of_article_28_is_reached_by_a_setting(tmp_path: Path) -> None:
    shaken = np.exp(np.cumsum(0.05 * np.random.default_rng(2).standard_normal(300)))
    stressed = file_of(tmp_path, "crisis.csv", x=list(shaken))
    tools: list[dict[str, Any]] = [
        {"buffer": 0.25}, {"stressed": stressed, "stress_weight": 0.25}, {"floor_window": 300},
        {"speed_limit": 0.01}, {"horizon": 5},
    ]  # fmt: skip
    rules = [
        {"rule": "normal-value-at-risk", "label": str(k), **tool} for k, tool in enumerate(tools)
    ]
    plain = {"rule": "normal-value-at-risk", "label": "plain"}
    tables = replayed(replay(rules=[plain, *rules], paths=1), 5, np.random.default_rng(0))
    made = tables["replay"].set_index("rule")
    assert (made["average_margin"] > 1.001 * made["average_margin"]["plain"]).tolist() == [
        False, True, True, True, False, True,
    ]  # fmt: skip
    increase = made["largest_5_day_increase"]
    assert increase["3"] < increase["plain"]


def test_of_several_series_tests_give_how_often_they_reject() -> None:
    tables = replayed(replay(paths=12), 5, np.random.default_rng(0))
    series = tables["replay_series"]
    mine = series[series["rule"] == "normal-value-at-risk"]
    row = tables["replay"].set_index("rule").loc["normal-value-at-risk"]
    rejected = (mine["kupiec_p"] < 0.05).mean()
    assert 0.0 < rejected < 1.0
    assert row["kupiec_rejected"] == pytest.approx(rejected)
    spread = np.sqrt(rejected * (1.0 - rejected) / 11.0)
    assert row["kupiec_rejected_se"] == pytest.approx(spread)


def test_paths_hold_what_the_measures_were_worked_out_from() -> None:
    tables = replayed(replay(), 5, np.random.default_rng(0))
    paths = tables["replay_paths"]
    assert paths["series"].unique().tolist() == ["path 1"]
    for row in tables["replay_series"].query("series == 'path 1'").to_dict("records"):
        mine = paths[paths["rule"] == row["rule"]]
        assert mine["date"].tolist() == list(range(151, 401))
        assert mine["margin"].mean() == pytest.approx(row["average_margin"])
        assert (mine["loss"] > mine["margin"]).sum() == row["breaches"]
    same = paths.groupby("rule")["margin_same_average"].mean()
    assert same.iloc[0] == pytest.approx(same.iloc[1])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rules": [{"rule": "value-at-risk"}] * 2}, 'two rules are named "value-at-risk"'),
        ({"rules": [{"rule": "value-at-risk", "window": 50}]}, "window is 50"),
        ({"rules": [{"rule": "value"}]}, '"value" is not a margin rule'),
        ({"rules": [{"rule": "value-at-risk", "windw": 50}]}, 'did you mean "window"'),
        ({"rules": [{"rule": "value-at-risk", "floor_window": 9}]}, "floor_window is 9"),
        ({"dates": 151}, "dates is 151"),
        ({"security": "bund"}, 'security is "bund"; drawn prices have none'),
        ({"prices": "none.csv"}, "must be the name of a file"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        replay(**given)


RULE = """
from walras import MarginRule


class Cautious(MarginRule):
    horizon = 2
    covered = 0.9

    def __init__(self, most=1.0):
        self.most = most

    def haircut(self, known):
        assert len(known.past) < 300, "too long a past"
        moved = known.returns[-20:]
        return min(0.05 + 2.0 * moved.std(), self.most) if len(moved) else 0.05
"""


def test_a_rule_of_ones_own_is_replayed_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(RULE, encoding="utf-8")
    own = {"rule": "Cautious", "file": str(tmp_path / "own.py"), "most": 0.06}
    settings = replay(rules=[own, *SHORT["rules"]], dates=290)
    tables = replayed(settings, 5, np.random.default_rng(0))
    row = tables["replay"].set_index("rule").loc["Cautious"]
    assert row["expected_share"] == pytest.approx(0.1)
    assert row["periods"] == 290 - 150 - 2
    path = tables["replay_paths"].query("rule == 'Cautious'")
    prices = draw_prices("garch", 290, 0.012, np.random.default_rng(0))
    moved = np.diff(np.log(prices))[:279][-20:]
    known = min(0.05 + 2.0 * moved.std(), 0.06)
    assert path.set_index("date")["margin"][280] == pytest.approx(known)


def test_code_that_may_not_be_executed_is_refused_before_anything_runs(tmp_path: Path) -> None:
    from scenarios.funding.margin_procyclicality import SCENARIO, MarginProcyclicality

    (tmp_path / "own.py").write_text(RULE, encoding="utf-8")
    own = {"rule": "Cautious", "file": str(tmp_path / "own.py")}
    given = {"dates": 2, "rules": ["flat"], "replay": {"rules": [own]}}
    with pytest.raises(Refused, match="name it on the command line"):
        simulate(SCENARIO, parse(MarginProcyclicality, given, code=[]))


def test_a_rule_that_fails_ends_the_run_as_infeasible(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(RULE, encoding="utf-8")
    own = {"rule": "Cautious", "file": str(tmp_path / "own.py")}
    with pytest.raises(Infeasible) as failed:
        walras.run(
            "margin-procyclicality", dates=2, rules=["flat"], replay=SHORT | {"rules": [own]}
        )
    run = failed.value.run  # type: ignore[attr-defined]
    assert run.outcome is Outcome.INFEASIBLE
    assert "margin rule Cautious fails" in run.reason
    assert "line 13): AssertionError: too long a past" in run.reason
    assert len(run.dates) == 2  # the record is kept


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("2020-01-02,2", "has 2 dates; skip and the horizon take 151"),
        ("2020-01-02,-2", "x is -2"),
        ("2020-02-02,2", "is 32 days after the one above it; longest_gap allows 31"),
    ],
)
def test_prices_that_can_not_be_used_are_refused_before_anything_runs(
    tmp_path: Path, second: str, said: str
) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f"date,x\n2020-01-01,1\n{second}\n", encoding="utf-8")
    with pytest.raises(Refused, match=said):
        replay(prices=str(path))
