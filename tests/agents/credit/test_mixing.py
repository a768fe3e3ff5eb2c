"""Averages of past rounds: exact on affine rounds, undone where they make things worse."""

from __future__ import annotations

import numpy as np
import pytest

from agents.credit.mixing import Memory, Mixing
from scenarios.credit.economy import AuctionedEconomy, build
from scenarios.credit.parameters import CreditTree


def test_an_average_finds_where_affine_rounds_rest() -> None:
    rng = np.random.default_rng(0)
    matrix, shift = 0.4 * rng.normal(size=(5, 5)), rng.normal(size=5)
    rest = np.linalg.solve(np.eye(5) - matrix, shift)
    memory, here = Memory(), np.zeros(5)
    memory.note(here, 40)
    for _ in range(7):
        here = matrix @ here + shift
        memory.note(here, 40)
    weights = Mixing.weights(memory.products())
    assert np.sum(weights) == pytest.approx(1.0)
    assert np.max(np.abs(here - rest)) > 1e-3
    assert memory.average(weights) == pytest.approx(rest, abs=1e-5)


def test_only_the_last_rounds_are_remembered() -> None:
    memory = Memory()
    for place in range(10):
        memory.note(np.array([float(place)]), 3)
    assert len(memory) == 3
    assert memory.last_move() == 1.0
    memory.begin()
    assert len(memory) == 0


def _economy(memory: int) -> AuctionedEconomy:
    parameters = CreditTree(memory=memory, auction_after=0)
    (described,) = parameters.economies().values()
    return build(described, parameters, np.random.default_rng(0))


def test_averages_find_the_same_equilibrium_sooner() -> None:
    mixed, plain = _economy(40), _economy(0)
    assert str(mixed.clear(5_000)) == str(plain.clear(5_000)) == "cleared"
    assert mixed.averages > 0
    assert plain.averages == 0
    assert mixed.round < plain.round
    for name, value in plain.quotes.items():
        assert mixed.quotes[name] == pytest.approx(value, abs=1e-8), name


def test_an_average_that_makes_moves_grow_is_undone() -> None:
    economy = _economy(40)
    assert economy._mixer is not None
    economy._mixer.mixing = Mixing(growth=0.0)  # nothing is good enough
    for _ in range(9):
        economy.step()
    assert economy.adjustment is not None
    after_six = _economy(0)
    for _ in range(6):
        after_six.step()
    assert after_six.adjustment is not None
    assert economy.averages == 0
    assert economy.adjustment.coordinates == pytest.approx(after_six.adjustment.coordinates)
