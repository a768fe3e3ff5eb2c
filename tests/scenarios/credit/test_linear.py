"""Linear programs: value, amounts and multipliers."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.credit.linear import maximise

LIMITS = (np.array([[1.0, 1.0], [1.0, 0.0]]), [4.0, 2.0])


def test_a_program_with_a_known_optimum() -> None:
    best = maximise([3.0, 2.0], at_most=LIMITS)
    assert best is not None
    assert best.value == pytest.approx(10.0)
    assert best.amounts == pytest.approx([2.0, 2.0])
    assert best.multipliers == pytest.approx([2.0, 1.0])
    assert best.multipliers @ LIMITS[1] == pytest.approx(best.value)  # strong duality


def test_no_optimum() -> None:
    assert maximise([1.0, -1.0], at_most=(np.array([[-1.0, 0.0]]), [0.0])) is None  # unbounded
    assert maximise([1.0], equal=(np.array([[1.0]]), [-1.0])) is None  # infeasible
