"""Figures: what a run has, titles that are true of it, and nothing that is solved again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from matplotlib.figure import Figure

from scenarios.bankruptcy import bankruptcy, bankruptcy_capm, figures
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from scenarios.bankruptcy.endowment_risk import STUDY
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import Run, simulate

BY_ROUND = {"quotes_by_round", "excess_demand_by_round"}


def two(*, studies: bool = False, **given: object) -> Run[bankruptcy.TwoInvestors]:
    parameters = parse(bankruptcy.TwoInvestors, given)
    return simulate(bankruptcy.SCENARIO, parameters, studies=studies)


@pytest.fixture(scope="module")
def pair() -> Run[bankruptcy.TwoInvestors]:
    """The source's two investors, with studies."""
    return two(studies=True)


def title(figure: Figure) -> str:
    assert figure._suptitle is not None  # type: ignore[attr-defined]
    return str(figure._suptitle.get_text())  # type: ignore[attr-defined]


def test_every_run_shows_what_it_has(
    pair: Run[bankruptcy.TwoInvestors], three: Run[BankruptcyCapm]
) -> None:
    assert set(pair.plot()) == {*BY_ROUND, "net_trade_diagram", "welfare"}
    assert set(two(short_limit=0.0).plot()) == BY_ROUND
    capm = {*BY_ROUND, "security_market_line", "endogenous_credit_risk", "welfare"}
    assert set(three.plot()) == capm


def test_figures_take_studies_from_the_results_and_run_nothing(
    monkeypatch: pytest.MonkeyPatch, three: Run[BankruptcyCapm]
) -> None:
    without = replace(three, studies={})
    monkeypatch.setattr("simulator.economy.Economy.step", None)
    assert "endogenous_credit_risk" in three.plot()
    assert "endogenous_credit_risk" not in without.plot()


def test_an_equilibrium_is_called_one(pair: Run[bankruptcy.TwoInvestors]) -> None:
    shown = pair.plot()["net_trade_diagram"]
    assert title(shown) == "A bankruptcy equilibrium: 43% of the promise is not paid"
    solvent = two(borrower_endowment_later=2.0, borrower_satiation=3.0, borrower_weight=1.0)
    assert title(solvent.plot()["net_trade_diagram"]) == (
        "An equilibrium in which every promise is paid"
    )


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        pytest.param({"rule": "plain", "step": 10.0}, Outcome.CYCLES, marks=pytest.mark.slow),
        ({"max_rounds": 3}, Outcome.OUT_OF_ROUNDS),
    ],
)
def test_a_run_that_does_not_clear_is_not_called_an_equilibrium(
    given: dict[str, Any], outcome: Outcome
) -> None:
    run = two(**given)
    assert run.outcome is outcome
    shown = run.plot()["net_trade_diagram"]
    assert title(shown) == f"No equilibrium ({outcome})"
    lends = run.agents["bond"].max() > 0.0
    texts = " ".join(text.get_text() for text in shown.axes[0].texts)
    assert ("lender plans" in texts) == lends
    capm = simulate(
        bankruptcy_capm.SCENARIO,
        parse(BankruptcyCapm, {"max_rounds": 2}),
        studies=False,
    )
    assert title(capm.plot()["security_market_line"]) == "No equilibrium (ran out of rounds)"


def test_the_market_line_says_whether_there_is_a_shortfall() -> None:
    scenario = bankruptcy_capm.SCENARIO
    with_shortfall, without = (
        simulate(scenario, parse(scenario.parameters, {"short_limit": limit}), studies=False)
        for limit in (10.0, 0.2)
    )
    assert "with the shortfall" in title(with_shortfall.plot()["security_market_line"])
    assert "every promise is paid" in title(without.plot()["security_market_line"])


def test_equities_lie_on_the_security_market_line_only_with_the_shortfall() -> None:
    figure = bankruptcy_capm.SCENARIO.run(polish=True, studies=False).plot()["security_market_line"]
    gaps = [
        {text.get_text() for text in axes.texts} for axes in figure.axes
    ]  # basis points beside each security
    assert gaps[0] & {"+0.0 bp", "-0.0 bp"}
    assert not gaps[1] & {"+0.0 bp", "-0.0 bp"}


def test_nothing_is_told_apart_by_colour_alone(
    pair: Run[bankruptcy.TwoInvestors], three: Run[BankruptcyCapm]
) -> None:
    net = pair.plot()["net_trade_diagram"].axes[0]
    lines = [line for line in net.get_lines() if str(line.get_label()).startswith(("lend", "borr"))]
    assert len({str(line.get_linestyle()) for line in lines}) == 2
    table = three.studies[STUDY]
    instruments = BankruptcyCapm().instruments
    for axes in figures.credit_risk(table, instruments).axes:
        styles = [(line.get_linestyle(), line.get_marker()) for line in axes.get_lines()]
        assert len(set(styles)) == len(styles)
