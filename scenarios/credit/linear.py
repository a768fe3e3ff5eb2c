"""Linear programs for the certificate, by HiGHS' dual simplex method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scipy.optimize import linprog

TIGHTEST = 1e-10
"""The tightest feasibility tolerance that HiGHS accepts."""


def maximise(
    gains: Any,
    *,
    at_most: tuple[Any, Any] | None = None,
    equal: tuple[Any, Any] | None = None,
    bounds: Sequence[tuple[float, float | None]] | tuple[float, None] = (0.0, None),
) -> Any:
    """Maximise a linear function of amounts that are not negative (unless ``bounds`` differ).

    Parameters
    ----------
    gains : array (n,)
        Its coefficients.
    at_most, equal : pairs of a matrix and its right-hand sides
        Inequalities and equations.

    Returns
    -------
    scipy.optimize.OptimizeResult or None
        SciPy's result, that of the *minimisation* of minus the gains; None if there is no
        optimum.
    """
    options: Any = {
        "primal_feasibility_tolerance": TIGHTEST,
        "dual_feasibility_tolerance": TIGHTEST,
    }
    below, above = at_most or (None, None), equal or (None, None)
    given: dict[str, Any] = {
        "A_ub": below[0],
        "b_ub": below[1],
        "A_eq": above[0],
        "b_eq": above[1],
        "bounds": bounds,
    }
    found = linprog([-float(gain) for gain in gains], **given, method="highs-ds", options=options)
    return found if found.status == 0 else None
