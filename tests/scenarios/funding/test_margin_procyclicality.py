"""The scenario margin-procyclicality: the same news under each rule, and the report."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from markets.margin import Known, ValueAtRisk, on_side
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
    report = run.printed
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
    report = SCENARIO.run(rules=["flat", "linear"], dates=8, call_dates=3, studies=False).printed
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


def prices_in(folder: Path, rows: int = 160) -> Path:
    rng = np.random.default_rng(3)
    days = pd.bdate_range("2010-01-04", periods=rows).strftime("%Y-%m-%d")
    both = np.exp(0.01 * np.cumsum(rng.standard_normal((rows, 2)), axis=0))
    table = pd.DataFrame({"date": days, "bund": 90.0 * both[:, 0], "btp": both[:, 1]})
    table.to_csv(folder / "prices.csv", index=False)
    return folder / "prices.csv"


REPLAY: dict[str, Any] = {
    "skip": 130,
    "rules": [
        {"rule": "value-at-risk", "confidence": 0.9, "window": 100, "horizon": 2},
        {"rule": "value-at-risk", "label": "linear", "confidence": 0.9, "window": 60},
        {"rule": "expected-shortfall", "window": 100},
    ],
}  # fmt: skip


def test_news_from_a_file_is_what_the_fundamental_value_follows(tmp_path: Path) -> None:
    path = prices_in(tmp_path)
    given = SCENARIO.run(
        news=str(path), news_security="btp", replay=REPLAY, dates=12, rules=["flat"], seed=5,
        studies=False,
    )  # fmt: skip
    prices = pd.read_csv(path)["btp"].to_numpy()[130:142]
    assert given.dates["fundamental"].to_numpy() == pytest.approx(10.0 * prices / prices[0])
    drawn = SCENARIO.run(dates=12, rules=["flat"], seed=5, studies=False)
    assert given.dates["supply"].tolist() == drawn.dates["supply"].tolist()
    assert given.outcome is Outcome.CLEARED
    first = MarginProcyclicality.model_validate({"news": str(path), "dates": 12, "replay": REPLAY})
    bund = pd.read_csv(path)["bund"].to_numpy()[130:142]
    news = first.draw_news(np.random.default_rng(0))
    assert news.fundamental == pytest.approx(10.0 * bund / bund[0])


def test_rules_are_replayed_on_the_news_and_compared_with_the_market(tmp_path: Path) -> None:
    run = SCENARIO.run(
        news=str(prices_in(tmp_path)), replay=REPLAY, dates=25,
        rules=["linear", REPLAY["rules"][0]],
    )  # fmt: skip
    report = run.printed
    assert report is not None
    assert report["comparison"].tolist() == ["replayed"] * 3 + ["in the market"] * 2
    market = report[report["comparison"] == "in the market"].set_index("rule")
    path = run.dates[run.dates["case"] == "value-at-risk"]
    charged, price = path["margin"].to_numpy(), path["security_price"].to_numpy()
    share = charged[1:] / price[:-1]  # asked at the close, charged at the next date
    row = market.loc["value-at-risk"]
    assert row["average_margin"] == pytest.approx(share.mean())
    assert row["peak_to_trough"] == pytest.approx(share.max() / share.min())
    assert (path["experts_position"] >= 0.0).all()  # they lose where the price falls
    loss = 1.0 - price[2:] / price[:-2]
    assert row["breaches"] == np.sum(loss > share[:-1])
    path = run.dates[run.dates["case"] == "linear"]
    share = (path["margin"] / path["security_price"]).to_numpy()  # it follows the posted price
    assert market["average_margin"]["linear"] == pytest.approx(share.mean())
    assert row["expected_share"] == pytest.approx(0.1)
    rankings = run.tables["rankings"].set_index(["margins", "measure"])
    assert "expected-shortfall" not in rankings["replayed"].iloc[0]  # it is not in the market
    same, plain = "at the same average margin", "as charged"
    assert set(rankings.index.get_level_values("margins")) == {same, plain}
    ratio = "peak-to-trough ratio"
    assert rankings["in_the_market"][same, ratio] == rankings["in_the_market"][plain, ratio]
    assert run.summary.startswith("rules replayed and in the market: as charged, ")
    assert "; at the same average margin, " in run.summary


@pytest.mark.parametrize("every_round", [False, True])
def test_where_funding_never_binds_rules_do_in_the_market_what_they_do_replayed(
    tmp_path: Path, every_round: bool
) -> None:
    rules = [rule | {"every_round": every_round} for rule in REPLAY["rules"][:1]]
    run = SCENARIO.run(
        news=str(prices_in(tmp_path)), replay=REPLAY | {"rules": rules}, rules=rules, dates=30,
        experts_wealth=500.0,
    )  # fmt: skip
    report = run.printed
    assert report is not None
    assert run.dates["security_price"].to_numpy() == pytest.approx(run.dates["fundamental"])
    replayed, market = (part.iloc[0] for _, part in report.groupby("comparison", sort=False))
    for measure in ("peak_to_trough", "largest_5_day_increase", "shortfall", "breaches"):
        # the last date's haircut is not charged any more by a rule that is asked once per date
        assert market[measure] == pytest.approx(replayed[measure], rel=1e-6)


def test_a_rule_in_the_market_starts_with_the_past_of_the_news(tmp_path: Path) -> None:
    path, settings = prices_in(tmp_path), REPLAY["rules"][0]
    run = SCENARIO.run(
        news=str(path), replay=REPLAY, dates=3, rules=[settings], experts_wealth=500.0
    )
    prices = pd.read_csv(path)["bund"].to_numpy()
    rule = ValueAtRisk(side="long", **{k: v for k, v in settings.items() if k != "rule"})
    known = rule.haircut(Known(float(prices[129]), prices[:129]))
    last = 10.0 * prices[129] / prices[130]
    assert run.dates["margin"].iloc[0] == pytest.approx(last * known)
    replayed = run.studies["replay_paths"]
    # funding does not bind: date 1 closes at its fundamental value, as the replay's first date
    assert run.dates["margin"].iloc[1] == pytest.approx(10.0 * replayed["margin"].iloc[0])
    assert replayed["series"].unique().tolist() == ["bund"]


def test_rules_with_settings_are_those_that_are_replayed() -> None:
    named = [{"rule": "normal-value-at-risk", "label": "mine"}]
    given: dict[str, Any] = {"rules": ["flat", *named]}
    assert [r.name for r in MarginProcyclicality(**given).replay_on().rules] == ["mine"]
    given["replay"] = REPLAY
    replayed = [rule.name for rule in MarginProcyclicality(**given).replay_on().rules]
    assert replayed == ["value-at-risk", "linear", "expected-shortfall"]


def test_without_prices_of_ones_own_the_report_is_of_the_market() -> None:
    run = SCENARIO.run(dates=5, rules=["flat"])
    report = run.printed
    assert report is not None
    assert "comparison" not in report
    assert not run.tables
    assert run.summary == SCENARIO.title.summary


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dates": 31}, r"dates is 31; .*prices\.csv has 160 rows, of which 130 come before"),
        ({"news_security": "bnd"}, '"bnd" is not a security; did you mean "bund"?'),
        ({"replay": {}}, "of which 250 come before the first date"),
        ({"news": None, "news_security": "bund"}, "without news there are no securities"),
    ],
)
def test_news_that_can_not_be_used_is_refused(
    given: dict[str, Any], said: str, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"news": str(prices_in(tmp_path)), "replay": REPLAY, "dates": 20}
    with pytest.raises(Refused, match=said):
        SCENARIO.run(**settings | given)
