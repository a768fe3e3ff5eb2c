"""The leverage cycle: published numbers, the crash, and limits in which it nests others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import walras
from agents.beliefs import Beliefs
from scenarios.leverage.economy import LeverageCycle
from scenarios.leverage.leverage_cycle import SCENARIO
from scenarios.promises import closed_form as two_dates
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.verify import verify


@pytest.mark.parametrize(
    ("dates", "beliefs"),
    [(1, "uniform"), (2, "beta(2, 3)"), (3, "beta(2, 3)"), (4, "uniform")],
)
def test_rounds_find_the_equations_for_any_number_of_dates(dates: int, beliefs: str) -> None:
    run = SCENARIO.run(dates=dates, beliefs=beliefs, cash=2.0, low_payoff=0.3, news=[])
    assert run.outcome is Outcome.CLEARED
    known = run.dates[run.dates["case"] != "capped"]
    differences = known[[name for name in known if str(name).startswith("difference_")]]
    assert np.nanmax(differences.abs().to_numpy()) < 1e-8
    assert differences["difference_asset_price"].notna().all()


def test_one_date_is_the_collateral_equilibrium_of_two_states() -> None:
    """With news at one date only, loans are those of the economy with a menu of promises."""
    run = SCENARIO.run(dates=1, leverage="chosen")
    line = two_dates.Continuum(Beliefs("uniform").below, 1.0, 1.0, 1.0, 0.2)
    solution = two_dates.borrowing(line, 0.2)
    assert run.equilibrium["asset_price"] == pytest.approx(solution.price, abs=1e-9)
    assert run.dates["margin"].iloc[0] == pytest.approx(solution.margin, abs=1e-9)


def test_forward_quotes_are_right_and_the_crash_is_taken_apart() -> None:
    run = SCENARIO.run()
    assert run.outcome is Outcome.CLEARED
    for _, part in run.dates.groupby("case"):
        first, second = part.to_dict("records")
        forward = first["asset_price_after_bad"]
        assert second["asset_price_after_bad"] == pytest.approx(forward, abs=1e-9)
    report = SCENARIO.report(run)
    assert report is not None
    parts = report[["bad_news", "ruined_optimists", "tighter_margins"]]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(report["fall"].to_numpy(), abs=1e-12)
    chosen, capped, none = (report.set_index("case").loc[case] for case in report["case"])
    assert chosen["fall"] > capped["fall"] > none["fall"]  # leverage makes crashes deeper
    assert chosen["ruined_optimists"] > 0.01
    assert chosen["tighter_margins"] > 0.1
    assert none[["ruined_optimists", "tighter_margins"]].abs().max() < 1e-8
    ruined = run.dates.set_index(["case", "date"])["ruined"]
    assert ruined["chosen", 2] == pytest.approx(1.0 - run.dates["marginal_buyer"].iloc[0])
    assert ruined["capped", 2] == ruined["none", 2] == 0.0


def test_a_cap_that_never_binds_changes_nothing() -> None:
    free, capped = (
        SCENARIO.run(leverage=leverage, most_leverage=[50.0]) for leverage in ("chosen", "capped")
    )
    assert free.equilibrium == pytest.approx(capped.equilibrium, rel=1e-12)


def test_what_two_cohorts_of_half_the_size_do_is_what_one_does() -> None:
    """Members are given; doubling every one of them changes no quote."""
    rng = np.random.default_rng(3)
    members = {"belief": rng.uniform(0.05, 0.95, 60).tolist(),
               "cash": rng.uniform(0.2, 2.0, 60).tolist(),
               "asset": rng.uniform(0.0, 2.0, 60).tolist()}  # fmt: skip
    once = SCENARIO.run(members=members, leverage="chosen")
    twice = SCENARIO.run(
        members={name: 2 * values for name, values in members.items()}, leverage="chosen"
    )
    assert once.outcome is twice.outcome is Outcome.CLEARED
    assert once.equilibrium == pytest.approx(twice.equilibrium, rel=1e-9)
    agents = once.agents[once.agents["date"] == 1]
    assert agents["endowed_cash"].tolist() == members["cash"]


@pytest.mark.parametrize("payoffs", [[1.0, 0.8, 0.2], [1.0, 0.6, 0.5, 0.2], [2.0, 1.0, 1.0, 0.0]])
@pytest.mark.parametrize("news", [None, ["good"], ["bad"]])
def test_other_trees_clear_and_are_certified_after_either_news(
    payoffs: list[float], news: list[str] | None
) -> None:
    run = SCENARIO.run(payoffs=payoffs, news=news, leverage="chosen")
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"low_payoff": 1.5}, "low_payoff is 1.5; it must be below high_payoff, 1.0"),
        ({"payoffs": [0.1, 0.5]}, "must not raise the payoff"),
        ({"news": ["good"]}, "something is left to trade after: now, bad"),
        ({"news": ["bad", "bad"]}, "something is left to trade after: now, bad"),
        ({"most_leverage": [0.5]}, r"most_leverage\[0\] is 0.5"),
        ({"dates": 0}, "dates is 0"),
        ({"population": "continuum", "cash": [1.0, 2.0]}, "cash is a list"),
    ],
)
def test_bad_parameters_get_one_sentence(given: dict[str, object], message: str) -> None:
    with pytest.raises(walras.Refused, match=message):
        parse(LeverageCycle, given)


def test_few_traders_clear_where_several_markets_have_one_marginal_trader() -> None:
    """The most optimistic of ten is marginal at the first two of four dates, filled in part."""
    run = SCENARIO.run(traders=10, population="individuals", dates=4, leverage="chosen", news=[])
    assert run.outcome is Outcome.CLEARED
    row = run.dates.iloc[0]
    assert row["marginal_buyer"] == row["marginal_buyer_after_bad"] == 0.95
    owed = run.agents.set_index("belief")["owed"]
    assert (owed > 0.0).tolist() == [False] * 9 + [True]


def test_a_low_payoff_of_nothing_and_scarce_cash_are_taken_apart_too() -> None:
    for run in (
        SCENARIO.run(leverage="chosen", low_payoff=0.0),
        SCENARIO.run(leverage="chosen", cash=0.02),
    ):
        report = SCENARIO.report(run)
        assert run.outcome is Outcome.CLEARED
        assert report is not None
        parts = report[["bad_news", "ruined_optimists", "tighter_margins"]].sum(axis=1)
        assert parts.iloc[0] == pytest.approx(report["fall"].iloc[0])


def test_a_run_is_exported_and_verified(tmp_path: Path) -> None:
    run = SCENARIO.run(traders=100, population="individuals", leverage="chosen")
    assert verify(run.export(tmp_path, plots=False), lambda name: SCENARIO).certified
