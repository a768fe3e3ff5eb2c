"""The scenario margin-procyclicality: the same news under each rule, and the report."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from markets.margin import Known, on_side
from markets.refused import Refused
from scenarios.funding.margin_procyclicality import SCENARIO, MarginProcyclicality
from simulator.outcome import Outcome
from simulator.run import Run


@cache
def rules() -> Run[MarginProcyclicality]:
    """Margin rules side by side."""
    return SCENARIO.run(studies=False, dates=60)


def test_margin_rules_face_the_same_news_and_are_certified() -> None:
    run = rules()
    assert run.outcome is Outcome.CLEARED
    assert run.dates["certified"].all()
    news = [part["fundamental"].to_numpy() for _, part in run.dates.groupby("case")]
    assert len(news) == 4
    assert all(np.array_equal(news[0], other) for other in news)


def test_report_compares_the_rules_over_all_dates() -> None:
    run = rules()
    report = run.report
    assert report is not None
    assert report["rule"].tolist() == run.parameters.rules
    assert report["dates"].tolist() == [60] * 4
    measures = report.set_index("rule")
    for rule, path in run.dates.groupby("case"):
        margin, row = path["margin"].to_numpy(), measures.loc[str(rule)]
        assert row["average_margin"] == pytest.approx(margin.mean())
        assert row["peak_to_trough"] == margin.max() / margin.min()
        assert row["largest_5_day_increase"] == max(np.max(margin[5:] - margin[:-5]), 0.0)
        moved = np.std(np.diff(path["security_price"])) / np.std(np.diff(path["fundamental"]))
        assert row["excess_volatility"] == pytest.approx(moved)
    assert measures.loc["flat", "peak_to_trough"] == 1.0
    assert measures.loc["flat", "largest_5_day_increase"] == 0.0
    for measure in ("peak_to_trough", "largest_5_day_increase"):
        by_rule = measures[measure]
        assert by_rule["anti-procyclical"] < by_rule["volatility"]


def test_report_names_the_days_asked_for_and_has_one_row_per_rule() -> None:
    report = SCENARIO.run(rules=["flat", "linear"], dates=8, call_dates=3, studies=False).report
    assert report is not None
    assert report["rule"].tolist() == ["flat", "linear"]
    assert "largest_3_day_increase" in report


def test_every_rule_charges_the_base_before_any_news() -> None:
    parameters = MarginProcyclicality(margin_base=1.3, floor=0.0, buffer=0.0)
    value = parameters.fundamental_value
    for name in parameters.named_rules:
        for side in (1.0, -1.0):
            charged = on_side(parameters.margin_rule(name), side).margin(Known(value))
            assert charged == pytest.approx(1.3, rel=1e-14)


def test_experts_start_a_date_with_what_they_held_at_the_last() -> None:
    run = SCENARIO.run(rules=["linear"], dates=6, studies=False)
    experts = run.agents[run.agents["cohort"] == "experts"]
    held = experts["position"].to_numpy()
    assert np.array_equal(experts["endowed_assets"].to_numpy()[1:], held[:-1])


def test_bad_rules_are_refused_in_a_sentence() -> None:
    with pytest.raises(Refused, match="name each rule once"):
        SCENARIO.run(rules=["flat", "flat"])
    with pytest.raises(Refused, match=r"margin_slope is -2\.0; the margin would be"):
        SCENARIO.run(rules=["linear"], margin_slope=-2.0, dates=5)
