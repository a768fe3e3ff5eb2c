"""Fits: known parameters are found, errors and intervals are right, what can't be known is said."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import walras
from markets.refused import Refused
from simulator.run import Run, simulate
from simulator.stopping import Stopped

PEOPLE = [
    {"name": "a", "weights": [1, 2, 1], "endowment": [6, 0, 1], "elasticity": 0.7},
    {"name": "b", "weights": [1, 1, 2], "endowment": [0, 4, 3], "elasticity": 1.5},
]
ECONOMY: dict[str, Any] = {"consumers": PEOPLE, "start": "primitives"}
ERROR = 0.01
ONE = {"consumers[0].elasticity": (0.2, 2.0)}
BOTH = {**ONE, "consumers[1].elasticity": (0.5, 2.5)}


def observed(error: float | None = ERROR, noise: tuple[float, float] = (0.0, 0.0)) -> pd.DataFrame:
    quotes = walras.run("exchange", **ECONOMY).equilibrium
    table = pd.DataFrame(
        {
            "output": ["price[2]", "price[3]"],
            "observed": [quotes["price[2]"] + noise[0], quotes["price[3]"] + noise[1]],
        }
    )
    return table if error is None else table.assign(error=error)


@pytest.mark.slow
def test_the_parameters_that_made_the_moments_are_found() -> None:
    found = walras.fit("exchange", observed(), BOTH, starts=3, **ECONOMY)
    assert list(found.estimates["estimate"]) == pytest.approx([0.7, 1.5], rel=1e-5)
    assert found.objective == pytest.approx(0.0, abs=1e-8)
    assert found.identified == 2
    assert np.isnan(found.p_value)  # as many moments as parameters
    assert found.parameters.consumers[1].elasticity == pytest.approx(1.5, rel=1e-5)


def test_standard_errors_are_those_of_the_slopes_and_of_the_profile() -> None:
    found = walras.fit("exchange", observed(), ONE, starts=4, **ECONOMY)
    (row,) = found.estimates.to_dict("records")
    slopes = walras.sensitivities("exchange", keys=list(ONE), **ECONOMY).table
    slope = slopes.set_index("output")["derivative"][["price[2]", "price[3]"]].to_numpy()
    assert row["standard_error"] == pytest.approx(ERROR / np.linalg.norm(slope), rel=1e-3)
    width = float(np.sqrt(chi2.ppf(0.95, 1))) * row["standard_error"]
    assert row["high"] - row["low"] == pytest.approx(2.0 * width, rel=0.02)
    assert row["bounded"]


def test_moments_that_contradict_the_model_fail_the_test_of_over_identification() -> None:
    right = walras.fit("exchange", observed(), ONE, starts=4, **ECONOMY)
    wrong = walras.fit("exchange", observed(noise=(0.05, -0.05)), ONE, starts=4, **ECONOMY)
    assert right.degrees == wrong.degrees == 1
    assert right.p_value > 0.99
    assert wrong.p_value == pytest.approx(float(chi2.sf(wrong.objective, 1)))
    assert wrong.p_value < 0.001


def test_without_errors_their_size_is_that_of_the_gaps() -> None:
    noise = (0.02, -0.02)
    given = walras.fit("exchange", observed(noise=noise), ONE, starts=4, **ECONOMY)
    not_given = walras.fit("exchange", observed(None, noise), ONE, starts=4, **ECONOMY)
    assert np.isnan(not_given.p_value)
    ratio = not_given.estimates["standard_error"][0] / given.estimates["standard_error"][0]
    assert ratio == pytest.approx(np.sqrt(not_given.objective) / ERROR, rel=1e-3)


@pytest.mark.slow
def test_a_direction_in_which_nothing_moves_is_not_identified() -> None:
    idle = {**ONE, "step": (0.5, 2.0)}  # of rules that this one is not
    found = walras.fit("exchange", observed(), idle, starts=2, **ECONOMY)
    assert found.identified == 1
    assert found.estimates["standard_error"].isna().all()
    assert list(found.estimates["bounded"]) == [True, False]
    assert "the moments do not bound step" in found.summary


def test_runs_that_do_not_clear_are_kept_away_from() -> None:
    prices = observed()
    wide = {"consumers[0].endowment[2]": (-1.0, 2.0)}
    found = walras.fit("exchange", prices, wide, starts=6, **ECONOMY)
    assert found.estimates["estimate"][0] == pytest.approx(1.0, rel=1e-4)
    assert found.failures > 0


@pytest.mark.slow
def test_means_over_seeds_count_their_own_error() -> None:
    drawn: dict[str, Any] = {"traders": 12, "beliefs": "beta(a=2, b=3)", "haircuts": [0.05]}
    table = pd.DataFrame({"output": ["security_price"], "observed": [1.0], "error": [1e-4]})
    found = walras.fit(
        "margin-hike", table, {"high_payoff": (1.0, 1.4)}, starts=2, seeds=2, **drawn
    )
    assert found.moments["error"][0] > 1e-3


def test_a_fit_that_is_stopped_says_how_far_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop_at_the_third(scenario: Any, parameters: Any, **options: Any) -> Run[Any]:
        tried.append(parameters.consumers[0].elasticity)
        if len(tried) == 3:
            raise Stopped(signal.SIGTERM)
        return simulate(scenario, parameters, **options)

    moments, tried = observed(), list[float]()
    monkeypatch.setattr("simulator.fit.fit.simulate", stop_at_the_third)
    with pytest.raises(Stopped) as stopped:
        walras.fit("exchange", moments, ONE, starts=4, **ECONOMY)
    best = min(tried[:2], key=lambda elasticity: abs(elasticity - 0.7))
    (note,) = stopped.value.__notes__
    said = f"the best of 2 evaluations so far is consumers[0].elasticity = {best:.9g}, objective "
    assert note.startswith(said)


def test_an_exported_fit_is_plain(tmp_path: Path) -> None:
    found = walras.fit("exchange", observed(), ONE, starts=2, **ECONOMY)
    folder = found.export(tmp_path)
    said = json.loads((folder / "fit.json").read_text())
    assert said["degrees"] == 1
    assert {f"{name}.csv" for name in ("estimates", "moments", "profile", "directions")} <= {
        path.name for path in folder.iterdir()
    }
    assert (folder / "fit.png").is_file()
    assert repr(found).startswith("<Fit exchange: 2 moments, 1 parameter, 1 direction identified")


@pytest.mark.parametrize(
    ("free", "said"),
    [
        ({"elastic": (0.0, 1.0)}, "elastic"),
        ({"step": (2.0, 1.0)}, "must go up"),
        ({**BOTH, "consumers[0].weights[0]": (0.5, 2.0)}, "2 moments can't tell 3"),
        ({"consumers[0].endowment[0]": (-2.0, -1.0)}, "none of 2 points"),
    ],
)
def test_what_can_not_be_fitted_is_refused(free: dict[str, tuple[float, float]], said: str) -> None:
    with pytest.raises(Refused, match=said):
        walras.fit("exchange", observed(), free, starts=2, **ECONOMY)
