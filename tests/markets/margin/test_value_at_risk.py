"""A lender's value-at-risk by historical simulation."""

import math
from typing import Any

import numpy as np
import pytest

from markets.margin import ValueAtRiskMargin
from markets.refused import Refused


def test_haircut_covers_all_but_the_tail_of_past_returns() -> None:
    returns = np.random.default_rng(1).normal(0.0, 0.1, 1_000)
    rule = ValueAtRiskMargin(tail=0.05, window=1_000)
    for log_return in returns.tolist():
        rule = rule.after(log_return)
    haircut = rule.haircut(1.0)
    assert np.mean(returns < math.log(1.0 - haircut)) == pytest.approx(0.05, abs=1e-12)


def test_least_haircut_while_the_past_is_short_and_as_a_floor() -> None:
    rule = ValueAtRiskMargin(tail=0.25, least=0.1, past=(-0.9,) * 3)
    assert rule.haircut(1.0) == 0.1
    assert rule.after(-0.9).haircut(1.0) == pytest.approx(1.0 - math.exp(-0.9))
    assert ValueAtRiskMargin(tail=0.25, least=0.1, past=(0.2,) * 4).haircut(1.0) == 0.1


def test_only_the_window_is_remembered() -> None:
    rule = ValueAtRiskMargin(tail=0.5, window=2)
    for log_return in (-3.0, -2.0, -1.0):
        rule = rule.after(log_return)
    assert rule.past == (-2.0, -1.0)


@pytest.mark.parametrize(
    ("given", "words"),
    [({"tail": 0.0}, "tail is"), ({"tail": 0.1, "least": 1.0}, "haircut is"),
     ({"tail": 0.1, "window": 0}, "window is")],
)  # fmt: skip
def test_bad_numbers_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        ValueAtRiskMargin(**given)
