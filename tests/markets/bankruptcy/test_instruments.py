"""Instruments: what can be traded, what is refused, and names."""

from typing import Any

import numpy as np
import pytest

from markets.bankruptcy.instruments import BondAndEquities, numbered
from markets.refused import Refused


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"probabilities": [0.5, 0.6]}, "add up to 1.1; it must be 1"),
        ({"probabilities": [1.0, 0.0]}, "each must be above 0"),
        ({"probabilities": [np.nan, 1.0]}, "each must be above 0"),
        ({"payoffs": [[1.0, 2.0]]}, r"shape \(1, 2\); it must have one payoff per state"),
        ({"payoffs": [[1.0], [-1.0]]}, "payoffs has -1.0; each must be finite and at least 0"),
        ({"payoffs": [[1.0], [np.inf]]}, "payoffs has inf; each must be finite and at least 0"),
        ({"payoffs": [[1.0], [np.nan]]}, "payoffs has nan; each must be finite and at least 0"),
        ({"payoffs": [[2.0], [2.0]]}, "linearly dependent"),
        ({"payoffs": [[1.0, 0.0], [0.0, 1.0]]}, "linearly dependent"),
        ({"state_names": ("a",)}, "2 different names"),
        ({"equity_names": ("a", "a")}, "1 different names"),
    ],
)
def test_what_cannot_be_traded_is_refused(given: dict[str, Any], sentence: str) -> None:
    fields: dict[str, Any] = {"probabilities": [0.5, 0.5], "payoffs": [[1.0], [2.0]], **given}
    for name in ("probabilities", "payoffs"):
        fields[name] = np.array(fields[name])
    with pytest.raises(Refused, match=sentence):
        BondAndEquities(**fields)


def test_names_are_numbers_from_one_unless_given() -> None:
    instruments = BondAndEquities(np.array([0.5, 0.5]), np.array([[1.0], [2.0]]))
    assert instruments.state_names == ("1", "2")
    assert instruments.equity_names == ("1",)
    assert numbered("repayment_rate", instruments.state_names[1]) == "repayment_rate[2]"


def test_one_state_without_a_name_has_plain_quotes() -> None:
    instruments = BondAndEquities(np.ones(1), np.zeros((1, 0)), state_names=("",))
    assert (instruments.states, instruments.equities) == (1, 0)
    assert numbered("repayment_rate", instruments.state_names[0]) == "repayment_rate"
