"""Parameters of promises on any number of states."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from markets.refused import Refused
from scenarios.promises.states_economy import (
    EndogenousLeverage,
    StateTraders,
    build_states,
    traders_of,
)
from simulator.outcome import Outcome
from simulator.parameters import parse


def traders(**given: Any) -> StateTraders:
    return traders_of(EndogenousLeverage(**given), np.random.default_rng(0))


def test_one_number_tells_the_chances_of_all_states() -> None:
    three = traders(beliefs=[0.3, 0.5])
    assert three.chances[1] == pytest.approx([0.25, 0.5, 0.25])
    assert three.chances.sum(axis=1) == pytest.approx([1.0, 1.0])
    two = traders(payoffs=[1.0, 0.2], beliefs=[0.3, 0.6], promises=[])
    assert two.chances == pytest.approx(np.array([[0.3, 0.7], [0.6, 0.4]]))


def test_patience_weighs_what_comes_after_the_news() -> None:
    given = traders(beliefs=[0.3, 0.5], patience=[0.5, 0.8])
    assert given.weights[0] == pytest.approx([1.0, 0.5 * 0.09, 0.5 * 0.42, 0.5 * 0.49])
    assert traders(beliefs=[0.3, 0.5]).weights[0, 0] == 0.0


def test_an_economy_clears() -> None:
    assert build_states(EndogenousLeverage(traders=20)).clear() is Outcome.CLEARED


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"payoffs": [1.0]}, "at least two"),
        ({"payoffs": [0.0, 0.0]}, "not 0 throughout"),
        ({"beliefs": [[0.5, 0.5, 0.0]]}, "at least two traders"),
        ({"beliefs": [[0.5, 0.5], [0.4, 0.6]]}, "one probability for each"),
        ({"beliefs": [[0.5, 0.5, 0.5], [0.2, 0.4, 0.4]]}, "add up to 1"),
        ({"beliefs": [0.0, 0.5]}, "strictly between"),
        ({"cash": [1.0]}, "cash lists 1 numbers"),
        ({"asset": [0.0] * 100}, "somebody must own some"),
        ({"storable": False}, "neither be kept nor consumed"),
        ({"promises": [{"name": "a", "owed": [0.1]}]}, "owes 1 amounts"),
        ({"promises": [{"name": "a", "owed": 2.0}]}, "leaves its issuer nothing"),
        ({"promises": [{"name": "a b", "owed": 2.0}]}, "name"),
        (
            {"promises": [{"name": "a", "owed": [0.0, 0.4, 0.4], "asset": 0.0, "cash": 0.5}],
             "storable": False, "patience": 0.9},
            "can't be stored",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(Refused, match=complaint):
        parse(EndogenousLeverage, given)
