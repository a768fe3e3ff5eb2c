"""Linear programs for the certificate, by HiGHS' dual simplex method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from markets.quote import FloatArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Numbers = Sequence[float] | FloatArray

TIGHTEST = 1e-10
"""The tightest feasibility tolerance that HiGHS accepts."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """The optimum of a linear program.

    Attributes
    ----------
    value : float
        The largest gain.
    amounts : array (n,)
        Where it is attained.
    multipliers : array (m,)
        Of the inequalities, not negative.
    """

    value: float
    amounts: FloatArray
    multipliers: FloatArray


def maximise(
    gains: Numbers,
    *,
    at_most: tuple[FloatArray, Numbers] | None = None,
    equal: tuple[FloatArray | csr_array, Numbers] | None = None,
    bounds: Sequence[tuple[float, float | None]] | tuple[float, None] = (0.0, None),
) -> Optimum | None:
    """Maximise a linear function of amounts that are not negative (unless ``bounds`` differ).

    Parameters
    ----------
    gains : array (n,)
        Its coefficients.
    at_most, equal : pairs of a matrix and its right-hand sides
        Inequalities and equations.

    Returns
    -------
    Optimum or None
        None if there is no optimum.
    """
    from scipy.optimize import linprog

    below, above = at_most or (None, None), equal or (None, None)
    result = linprog(
        -np.asarray(gains, dtype=np.float64),
        A_ub=below[0],
        b_ub=below[1],
        A_eq=cast("FloatArray | None", above[0]),  # sparse ones too, which its types leave out
        b_eq=above[1],
        bounds=bounds,
        method="highs-ds",
        options={
            "primal_feasibility_tolerance": TIGHTEST,
            "dual_feasibility_tolerance": TIGHTEST,
        },
    )
    if result.status != 0 or result.fun is None:
        return None
    multipliers = -np.asarray(result.ineqlin.marginals, dtype=np.float64)
    return Optimum(-float(result.fun), np.asarray(result.x, dtype=np.float64), multipliers)
