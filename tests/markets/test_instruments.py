"""A security with two payoffs."""

import numpy as np
import pytest

from markets.instruments import Security
from markets.refused import Refused


def test_the_expected_payoff_falls_with_the_belief_from_the_high_to_the_low_one() -> None:
    expected = Security(0.25, 1.25).expected(np.array([0.0, 0.5, 1.0]))
    assert expected.tolist() == [1.25, 0.75, 0.25]


@pytest.mark.parametrize(
    "payoffs", [(1.0, 1.0), (1.2, 1.0), (-0.1, 1.0), (0.5, float("inf")), (float("nan"), 1.0)]
)
def test_payoffs_that_nobody_could_disagree_about_are_refused(payoffs: tuple[float, float]) -> None:
    with pytest.raises(Refused, match="0 <= low_payoff < high_payoff"):
        Security(*payoffs)
