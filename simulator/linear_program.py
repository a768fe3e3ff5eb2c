"""Linear programs by HiGHS: certificates solve many small ones, in which asking costs the most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

TIGHTEST = 1e-10
"""The smallest primal and dual feasibility tolerance that HiGHS accepts."""

COLUMNWISE, MAXIMISE = 1, -1
"""How HiGHS is told the order of a matrix and the sense of an objective in plain arrays."""

PRIMAL_SIMPLEX = 4
"""HiGHS' number of this variant; the dual one is its own choice."""

Status = Literal["optimal", "unbounded", "infeasible", "not solved"]
Way = Literal["choose", "primal", "ipm"]


@dataclass(frozen=True, slots=True)
class Solution:
    """What HiGHS says about a linear program.

    Attributes
    ----------
    status : str
        Whether there is an optimum; ``not solved`` also where HiGHS can't tell why there is none.
    value : float
        The optimum: infinite, minus infinite or not a number if there is none (unbounded,
        infeasible, not solved).
    amounts : array of shape (n,)
        Where it is; not a number if there is none.
    multipliers : array of shape (m,)
        What the optimum gains from a unit more of the limit of each row.
    """

    status: Status
    value: float
    amounts: FloatArray
    multipliers: FloatArray


def maximise(
    gains: ArrayLike,
    rows: ArrayLike,
    at_most: ArrayLike,
    *,
    at_least: ArrayLike | None = None,
    low: ArrayLike = 0.0,
    high: ArrayLike = np.inf,
    copies: int = 1,
    tolerance: float = TIGHTEST,
    ways: Sequence[tuple[Way, bool]] = (("choose", True),),
) -> Solution:
    r"""Maximise :math:`g \cdot x` subject to :math:`a \le A x \le b` and :math:`l \le x \le u`.

    HiGHS is given the arrays themselves: for programs as small as a trader's decision, that takes a
    fraction of the time of ``scipy.optimize.linprog``, which asks the same solver.

    Parameters
    ----------
    gains : array of shape (n,)
        :math:`g`.
    rows : array of shape (m, n)
        :math:`A`; with ``copies`` one of its equal blocks.
    at_most : array of shape (m,)
        :math:`b`.
    at_least : array of shape (m,), optional
        :math:`a`: none, that is :math:`-\infty`, unless given; a row whose two limits are the same
        is an equation.
    low, high : arrays of shape (n,), or numbers for all
        :math:`l` and :math:`u`.
    copies : int
        How many times the block ``rows`` stands on the diagonal of :math:`A`, whose other entries
        are zero; ``gains`` and ``at_most`` are those of all blocks, ``low`` and ``high`` those of
        one.
    tolerance : float
        Primal and dual feasibility.
    ways : sequence of pairs
        Methods (HiGHS' own choice, primal simplex, interior points), and whether it may simplify
        the program before (presolve), until one finds an optimum or that there is none.

    Raises
    ------
    ValueError
        If a gain, a row or a limit is not finite (``at_least`` may be minus infinity): HiGHS would
        call that solved.
    """
    import highspy

    block, slope, limits = (np.asarray(part, dtype=np.float64) for part in (rows, gains, at_most))
    least = np.full(limits.size, -np.inf) if at_least is None else np.asarray(at_least, np.float64)
    for name, part in (("gains", slope), ("rows", block), ("at_most", limits)):
        if not np.isfinite(part).all():
            raise ValueError(f"{name} of a linear program must be finite")
    if not (least < np.inf).all():
        raise ValueError("at_least of a linear program must be finite or minus infinity")
    height, width = block.shape
    column, row = np.nonzero(block.T)  # column by column
    shift = height * np.arange(copies, dtype=np.int32)[:, np.newaxis]
    filled = np.tile(np.bincount(column, minlength=width), copies)
    count = width * copies
    matrix = (
        np.concatenate([[0], np.cumsum(filled)]).astype(np.int32),
        (shift + row.astype(np.int32)).ravel(),
        np.tile(block.T[column, row], copies),
    )
    ends = [np.tile(np.broadcast_to(np.asarray(e, np.float64), width), copies) for e in (low, high)]
    highs: Any = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("primal_feasibility_tolerance", tolerance)
    highs.setOptionValue("dual_feasibility_tolerance", tolerance)
    highs.passModel(
        count, limits.size, matrix[2].size, COLUMNWISE, MAXIMISE, 0.0,
        slope, *ends, least, limits, *matrix,
        np.zeros(count, dtype=np.int32),
    )  # fmt: skip
    status: Status = "not solved"
    for way, presolve in ways:
        highs.clearSolver()
        highs.setOptionValue("solver", {"choose": "choose", "primal": "simplex"}.get(way, way))
        highs.setOptionValue("simplex_strategy", PRIMAL_SIMPLEX if way == "primal" else 1)
        highs.setOptionValue("presolve", "on" if presolve else "off")
        highs.run()
        status = _STATUSES.get(highs.getModelStatus().name, "not solved")
        if status == "optimal":
            found = highs.getSolution()
            return Solution(
                status,
                highs.getInfo().objective_function_value,
                np.asarray(found.col_value, dtype=np.float64),
                np.asarray(found.row_dual, dtype=np.float64),
            )
        if status == "unbounded":
            break
    value = {"unbounded": np.inf, "infeasible": -np.inf}.get(status, np.nan)
    none = np.full(count, np.nan)
    return Solution(status, value, none, np.full(limits.size, np.nan))


_STATUSES: dict[str, Status] = {
    "kOptimal": "optimal",
    "kUnbounded": "unbounded",
    "kInfeasible": "infeasible",
}
"""HiGHS' words; it has others where it gives up."""
