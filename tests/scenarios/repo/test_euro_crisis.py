"""The scenario euro-crisis: seven episodes in two markets, and what is compared."""

import dataclasses
from functools import cache
from typing import Any

import numpy as np
import pytest

from markets.refused import Refused
from scenarios.repo.episodes.episodes import CAUTION, EPISODE_NAMES, episodes, observed_response
from scenarios.repo.euro_crisis import SCENARIO, EuroCrisis
from simulator.outcome import Outcome
from simulator.run import Run


@cache
def run() -> Run[EuroCrisis]:
    return SCENARIO.run(traders=100)


def test_every_episode_is_taken_through_its_haircuts_in_both_markets() -> None:
    found = run()
    assert found.outcome is Outcome.CLEARED
    assert len(found.points) == 2 * 2 * len(EPISODE_NAMES)
    for episode in episodes():
        rows = found.dates[found.dates["episode"] == episode.name]
        assert rows["market"].tolist() == ["short", "short", "long", "long"]
        assert rows["moment"].tolist() == ["before", "after"] * 2
        assert rows["haircut"].tolist() == [episode.haircut_before, episode.haircut_after] * 2


def test_a_continuum_meets_the_closed_form() -> None:
    difference = run().dates["difference_security_price"].abs()
    assert difference.max() <= 1e-7


def test_the_report_compares_signs() -> None:
    found = run()
    report = found.report
    assert report is not None
    assert report["episode"].tolist() == list(EPISODE_NAMES)
    price = {(p.case, p.date): p.quotes["security_price"] for p in found.points}
    for row, episode in zip(report.to_dict("records"), episodes(), strict=True):
        observed = observed_response(episode, 3).price_change_percent
        assert row["observed_price_change_percent"] == observed
        agreeing = []
        for market in ("short", "long"):
            case = f"{market}, {episode.name}"
            change = 100.0 * (price[case, 2] / price[case, 1] - 1.0)
            assert row[f"{market}_price_change_percent"] == pytest.approx(change)
            if np.sign(change) == np.sign(observed):
                agreeing.append(market)
        expected = {0: "neither", 1: "".join(agreeing), 2: "both"}[len(agreeing)]
        assert row["matching"] == expected


def test_the_summary_counts_what_the_report_says() -> None:
    report = run().report
    assert report is not None
    short = report["matching"].isin(["short", "both"]).sum()
    long = report["matching"].isin(["long", "both"]).sum()
    assert f"in {short}, the long market in {long}" in run().summary
    assert SCENARIO.caution == CAUTION


def test_an_unfinished_run_has_no_report_and_keeps_its_other_figures() -> None:
    found = run()
    stopped = dataclasses.replace(found, ends=found.ends[:-1])
    assert stopped.report is None
    assert stopped.summary == SCENARIO.title.summary
    assert set(stopped.plot()) == {"quotes_by_round", "excess_demand_by_round"}
    assert "haircuts_and_yields" in found.plot()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"low_payoff": 2.0}, "low_payoff is 2.0 and high_payoff is 1.15"),
        ({"horizon": 0}, "horizon is 0"),
        ({"income": -1.0}, "income is -1.0; it must be a number of at least 0"),
        ({"traders": 1}, "traders is 1"),
    ],
)
def test_bad_parameters_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        SCENARIO.run(**wrong)
