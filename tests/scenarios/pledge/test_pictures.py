"""Pictures of the pages of pledgeable securities are true of the run."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.pledge import pictures, pledgeability, pledgeable_securities
from simulator.page_plan import SoFar
from walras.watched import Watched


def rest(watched: Watched) -> SoFar:
    assert watched.problem == ""
    while watched.running:
        watched.step()
    return watched.now


def test_coefficients_are_drawn_day_by_day() -> None:
    so_far = rest(Watched(pledgeability.SCENARIO, days=4, investors=200))
    panels = pictures.coefficients(so_far).axes
    for axes, name in zip(panels, pictures.SHOWN, strict=True):
        *closed, conjectured, realised = axes.get_lines()
        assert len(closed) == 3
        for line, who in ((conjectured, "conjecture"), (realised, "realised")):
            drawn = np.asarray(line.get_ydata()).tolist()
            assert drawn == so_far.dates[f"{who}_{name}"].tolist()
    labels = [str(line.get_label()) for line in panels[0].get_lines()]
    assert labels == list(pictures.LABELS)
    assert pictures.coefficients_text(so_far).startswith("Day 4: ")


def test_the_price_lies_on_the_closed_form_of_the_day() -> None:
    watched = Watched(pledgeability.SCENARIO, days=4, investors=200, haircut=0.3,
                      given=(("population", "continuum"),))  # fmt: skip
    so_far = rest(watched)
    ((_, haircut, price),) = pictures.prices_at_haircuts(so_far).to_numpy().tolist()
    (curve,) = pictures.closed_forms(so_far)
    assert haircut == 0.3
    between = np.interp(haircut, curve["haircut"], curve["log_price"])
    assert price == pytest.approx(between, abs=0.01)


def test_one_payoff_and_three_haircuts_have_three_prices_on_one_curve() -> None:
    same = rest(Watched(pledgeable_securities.SCENARIO, days=2, investors=200))
    assert len(pictures.closed_forms(same)) == 1
    table = pictures.prices_at_haircuts(same)
    assert table["security"].tolist() == ["A", "B", "C"]
    assert table["haircut"].tolist() == [0.15, 0.2, 0.4]
    assert table["log_price"].is_monotonic_decreasing
    gap = float(np.ptp(table["log_price"].to_numpy(np.float64)))
    assert f"differ by up to {gap:.4f}" in pictures.by_day_text(same)
    apart = rest(
        Watched(pledgeable_securities.SCENARIO, days=2, investors=200, payoffs="independent")
    )
    assert len(pictures.closed_forms(apart)) == 3
