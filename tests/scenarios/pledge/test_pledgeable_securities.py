"""Several securities: the law of one price fails, and haircuts make prices comove."""

from typing import Any

import pandas as pd
import pytest

from markets.refused import Refused
from scenarios.pledge.pledgeable_securities import SCENARIO, PledgeableSecurities
from simulator.outcome import Outcome
from simulator.run import Run


def report_of(run: Run[PledgeableSecurities]) -> pd.DataFrame:
    assert run.printed is not None
    return run.printed


def test_haircuts_that_would_swing_out_of_range_are_refused() -> None:
    with pytest.raises(Refused, match=r"haircuts\[1\] with a swing of 0.5"):
        SCENARIO.run(haircuts=[0.3, 0.15], swing=0.5)


def test_each_security_has_its_haircut_state_and_coefficients() -> None:
    run = SCENARIO.run(haircuts=[0.2, 0.3], payoffs="independent", investors=50, days=2)
    dates, details = run.dates, run.details[-1]
    assert dates["haircut_B"].tolist() == [0.3, 0.3]
    assert not dates["log_value_A"].equals(dates["log_value_B"])
    coefficients: Any = details["coefficients"]
    assert set(coefficients) == {"A", "B"}
    for name in "AB":
        assert coefficients[name]["realised"] == pytest.approx(
            coefficients[name]["closed_form"], abs=1e-9
        )


@pytest.mark.parametrize("payoffs", ["same", "independent"])
def test_the_summary_is_that_of_the_run(payoffs: str) -> None:
    run = SCENARIO.run(haircuts=[0.2, 0.3], payoffs=payoffs, investors=50, days=4)
    row = report_of(run).iloc[0]
    column = "mean_gap" if payoffs == "same" else "price_correlation"
    number = abs(row[column]) if payoffs == "same" else row[column]
    assert f"{number:.3f} to {number:.3f} over 1 pairs" in SCENARIO.summary(run)
    one = SCENARIO.run(haircuts=[0.2], payoffs=payoffs, investors=50, days=2)
    assert SCENARIO.summary(one) == SCENARIO.title.summary


def test_haircuts_swing_by_the_share_asked_for_and_come_back() -> None:
    parameters = PledgeableSecurities(haircuts=[0.3], swing=0.2, period=20, days=41)
    path = parameters.path(0.3)
    assert max(path) == pytest.approx(0.36)
    assert min(path) == pytest.approx(0.24)
    assert path[40] == pytest.approx(path[0])


def test_the_figure_shows_prices_by_day() -> None:
    run = SCENARIO.run(days=3, investors=50)
    (figure,) = run.plot().values()
    prices, haircuts = figure.axes
    labels = prices.get_legend_handles_labels()[1]
    assert labels == ["security A", "closed form", "security B", "security C"]
    markers = [line.get_marker() for line in haircuts.get_lines()]
    assert len(set(markers)) == 3


def test_a_margin_rule_never_charges_less_than_each_securitys_haircut() -> None:
    rule = {"rule": "value-at-risk", "confidence": 0.8, "window": 20}
    made = SCENARIO.run(margin=rule, days=12, investors=200, studies=False)
    assert made.outcome is Outcome.CLEARED
    for name, least in zip("ABC", (0.15, 0.2, 0.4), strict=True):
        charged = made.dates[f"haircut_{name}"]
        assert charged.min() == least
        assert charged.iloc[0] == least  # no returns yet
    assert made.dates["haircut_A"].max() > 0.15
    with pytest.raises(Refused, match="every_round and prices must be left out"):
        SCENARIO.run(margin={**rule, "every_round": True})
