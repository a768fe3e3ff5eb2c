"""Distributions by their text: quantiles against SciPy, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from markets.refused import Refused
from simulator.population.distribution import LONGEST, distribution

P = np.array([1e-9, 0.01, 0.2, 0.5, 0.77, 0.99, 1.0 - 1e-9])


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("uniform(low=-1, high=3)", stats.uniform(-1.0, 4.0)),
        ("normal(mean=2, sd=0.5)", stats.norm(2.0, 0.5)),
        ("normal(mean=0, sd=2, low=-1, high=3)", stats.truncnorm(-0.5, 1.5, 0.0, 2.0)),
        ("normal(mean=0, sd=1, low=9)", stats.truncnorm(9.0, np.inf)),
        ("normal(mean=0, sd=1, high=-9)", stats.truncnorm(-np.inf, -9.0)),
        ("beta(a=2, b=3)", stats.beta(2.0, 3.0)),
        ("beta(a=2, b=3, low=1, high=5)", stats.beta(2.0, 3.0, 1.0, 4.0)),
        ("exponential(mean=2.5)", stats.expon(scale=2.5)),
        ("pareto(low=1.5, shape=2)", stats.pareto(2.0, scale=1.5)),
    ],
)
def test_quantiles_are_those_of_the_distribution(text: str, known: Any) -> None:
    assert distribution(text).quantile(P) == pytest.approx(known.ppf(P), rel=1e-7, abs=1e-9)


def test_the_lognormal_has_the_mean_and_the_deviation_of_the_value_itself() -> None:
    quantile = distribution("lognormal(mean=2, sd=0.5)").quantile
    variance = np.log(1.0 + 0.25**2)
    known = stats.lognorm(np.sqrt(variance), scale=2.0 * np.exp(-0.5 * variance))
    assert known.mean() == pytest.approx(2.0)
    assert known.std() == pytest.approx(0.5)
    assert quantile(P) == pytest.approx(known.ppf(P), rel=1e-9)


def test_values_from_a_file_are_equally_likely(tmp_path: Path) -> None:
    path = tmp_path / "assets.csv"
    path.write_text("bank,assets\na,3\nb,1\nc,2\nd,4\n", encoding="utf-8")
    quantile = distribution(f"empirical(file={path}, column=assets)").quantile
    ends = np.array([1e-9, 0.2499, 0.2501, 0.6, 1.0 - 1e-12])
    assert quantile(ends).tolist() == [1.0, 1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lognormal(mean=2)", "lacks sd; lognormal needs mean, sd"),
        ("lognorml(mean=2, sd=1)", 'did you mean "lognormal"'),
        ("normal(mean=2, sd=0)", "sd is 0; it must be above 0"),
        ("normal(mean=two, sd=1)", "mean is two; it must be a finite number"),
        ("normal(mean=inf, sd=1)", "mean is inf"),
        ("normal(2, 1)", '"2" must be written name=value'),
        ("normal(mean=1, mean=2, sd=1)", "has mean twice"),
        ("normal(mean=1, sdd=2)", 'did you mean "sd"'),
        ("uniform(low=2, high=2)", "low must be below high"),
        ("__import__('os').system('true')", "no number and no distribution"),
        ("normal(" * 10_000, "no number and no distribution"),
        ("empirical(file=none.csv, column=x)", "none.csv can't be read"),
    ],
)
def test_what_is_no_distribution_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        distribution(text)
    assert said in str(refused.value)
    assert len(str(refused.value)) <= 300 < LONGEST
