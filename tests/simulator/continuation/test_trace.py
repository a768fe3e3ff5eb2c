"""Curves of equilibria: published folds, changes of regime and several equilibria."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import walras
from markets.refused import Refused
from scenarios.exchange.published import KEHOE, PRICES
from simulator.continuation.trace import Trace
from simulator.continuation.varied import NotCleared

FOLD, EDGE, RUIN = -4.0916666667, -4.5, -5.1
"""Experts' wealth in the fragile market of Brunnermeier, Eisenbach and Sannikov, section 3.2: the
fold, where funding ends, and where experts have nothing left."""


def events(trace: Trace[Any], *kinds: str) -> list[tuple[float, ...]]:
    rows = trace.events[trace.events["kind"].isin(kinds)]
    return [tuple(row) for row in rows[[trace.key, *trace.quote_names]].to_numpy(float)]


def test_brunnermeier_eisenbach_sannikov_fold_edge_and_jump() -> None:
    trace = walras.trace("margin-spiral", "experts_wealth", -4.0, -5.2)
    assert trace.certified
    (fold,) = events(trace, "fold")
    assert fold[:2] == pytest.approx((FOLD, 9.4166666667), abs=1e-8)
    (edge,) = events(trace, "fold at a limit")
    assert edge[:2] == pytest.approx((EDGE, 10.0), abs=1e-8)
    (end,) = events(trace, "end")
    assert end[0] == pytest.approx(RUIN, abs=1e-5)
    assert trace.points["curve"].max() == 2  # beyond the jump of the premium
    assert list(trace.points["experts_wealth"].iloc[[0, -1]]) == [-4.0, -5.2]
    between = trace.points[trace.points["stable"] == "false"]
    assert between["experts_wealth"].between(EDGE, FOLD + 1e-9).all()
    assert between["security_price"].between(9.41666, 10.0).all()
    what = " ".join(trace.events["what"])
    assert "funded -> constrained" in what
    assert "rounds beyond come to rest on curve 2" in what


@pytest.mark.parametrize(
    ("market", "special", "both_levered"),
    [("short", 0.964730106704, 0.7805818626), ("long", 0.961874990832, 0.7056138691)],
)
def test_bottazzi_pascoa_ramirez_changes_of_regime(
    market: str, special: float, both_levered: float
) -> None:
    trace = walras.trace(
        "margin-hike", "haircuts", 0.02, 0.32, market=market, traders=200, population="continuum"
    )
    assert trace.certified
    assert trace.points["stays"].all()
    first, second = events(trace, "regime change")
    assert 1.0 - first[0] == pytest.approx(special, abs=1e-9)
    assert 1.0 - second[0] == pytest.approx(both_levered, abs=1e-6)
    assert "I:" in trace.events["what"][0]
    assert "III: both margin, special" in trace.events["what"][1]


def test_kehoe_three_equilibria_lie_on_one_curve() -> None:
    trace = walras.trace(
        "exchange", "consumers[0].endowment[0]", 11.4, 12.8, consumers=KEHOE, start=[1.0, 1.0]
    )
    assert trace.certified
    assert len(events(trace, "fold")) == 2
    three = trace.points[trace.points[trace.key] == 12.0]
    assert list(three["price[2]"]) == pytest.approx(PRICES["price[2]"], rel=1e-9)
    assert list(three["stable"]) == ["true", "false", "true"]
    turns = np.flatnonzero(np.diff((trace.points["stable"] == "true").to_numpy()))
    assert len(turns) == 2  # at the folds only


def test_rounds_of_the_textbook_rule_begun_beside_an_unstable_point_go_elsewhere() -> None:
    beside = walras.run("exchange", consumers=KEHOE, start=[1.0, 1.001], rule="plain", step=20.0)
    assert beside.outcome == "cleared"
    assert beside.equilibrium["price[2]"] == pytest.approx(PRICES["price[2]"][2], rel=1e-6)


@pytest.mark.slow
def test_curves_begin_at_all_equilibria_that_several_starts_find() -> None:
    trace = walras.trace(
        "exchange", "consumers[0].elasticity", 0.2, 0.25, starts=8, consumers=KEHOE, start=[1, 1]
    )
    assert trace.points["curve"].max() == 3
    assert trace.certified


@pytest.mark.slow
def test_the_curve_that_crosses_at_equal_prices_is_followed_too() -> None:
    trace = walras.trace(
        "exchange", "consumers[0].elasticity", 0.2, 0.3, consumers=KEHOE, start=[1.0, 1.0]
    )
    assert trace.certified
    assert trace.points["curve"].max() == 3
    at_start = trace.points[trace.points[trace.key] == 0.2]
    assert sorted(at_start["price[2]"]) == pytest.approx(PRICES["price[2]"], rel=1e-9)


@pytest.mark.slow
def test_repo_shuts_where_the_haircut_is_too_high() -> None:
    trace = walras.trace("pledgeability", "haircut", 0.52, 0.56)
    assert trace.points["repo_market"].iloc[[0, -1]].tolist() == ["open", "shut"]
    assert list(trace.events["kind"]) == ["end"]
    assert trace.certified


def test_the_json_document_is_plain() -> None:
    trace = walras.trace("exchange", "consumers[0].elasticity", 0.5, 0.6)
    said = json.loads(json.dumps(trace.to_json(), allow_nan=False))
    assert said["key"] == "consumers[0].elasticity"
    assert len(said["points"]) == len(trace.points)
    assert repr(trace).startswith("<Trace exchange: ")


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(Refused, match="two different numbers"):
        walras.trace("margin-spiral", "experts_wealth", -4.0, -4.0)


def test_orders_that_depend_on_the_rounds_before_are_refused() -> None:
    with pytest.raises(Refused, match="depend on the rounds before"):
        walras.trace("liquidity-contraction", "inertia", 2.0, 3.0)


def test_quotes_that_rounds_only_approach_are_refused() -> None:
    with pytest.raises(Refused, match=r"worked out exactly.*; sweep over cash instead"):
        walras.trace("endogenous-leverage", "cash", 1.0, 2.0)


def test_a_start_that_does_not_clear_is_told() -> None:
    with pytest.raises(NotCleared, match="ran out of rounds"):
        walras.trace("exchange", "consumers[0].elasticity", 0.0, 0.1, rule="plain", max_rounds=3)


def test_a_later_date_is_followed_where_it_is_a_market_of_its_own() -> None:
    trace = walras.trace("margin-spiral", "experts_wealth[1]", -4.49, -4.51, date=2)
    assert trace.certified
    assert trace.summary.startswith("spiral, date 2: ")
    (edge,) = events(trace, "fold at a limit")
    assert edge[:2] == pytest.approx((EDGE, 10.0), abs=1e-8)


@pytest.mark.parametrize("case", ["flat", "volatility"])
def test_a_date_that_remembers_those_before_is_refused(case: str) -> None:
    with pytest.raises(Refused, match="date 2 depend on where dates before it closed"):
        walras.trace(
            "margin-procyclicality", "customers_supply", 3.0, 3.1, case=case, date=2, dates=2
        )


def test_a_date_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refused, match=r"date is 2; short has 1 date where haircuts varies"):
        walras.trace("margin-hike", "haircuts", 0.1, 0.2, date=2, population="continuum")


def test_an_exported_trace_has_both_tables(tmp_path: Path) -> None:
    trace = walras.trace("exchange", "consumers[0].elasticity", 0.5, 0.6)
    folder = trace.export(tmp_path, plots=False)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "points.parquet"), trace.points)
    assert (folder / "events.csv").is_file()
    assert json.loads((folder / "trace.json").read_text())["to"] == 0.6
