r"""Optima of traders' linear programs, by a solver from outside.

1. One sparse block-diagonal program of many members goes to HiGHS, each member in units of the
   largest position it could carry.
2. HiGHS stops within a tolerance. Its answer is sharpened: an optimum lies on a vertex, where four
   independent rows bind, so every choice of four rows is solved as a linear system (at most 35,
   with matrices that all members share), and the best vertex that meets the other rows is taken.
3. The two must agree, or the member is named in an error.

"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from scenarios.repo.program import CONSTRAINTS, HOLDINGS, FloatArray, TraderPrograms
from simulator.linear_program import Way, maximise

CHUNK = 1_000
"""Members that go to HiGHS in one call: large enough to share its overhead, small in memory."""

AGREEMENT = 1e-7
"""How far HiGHS' optimum may lie from the best vertex, as a share of the cash involved.

Its tolerances add up over rows and are divided by the slopes of the constraints; a wrong program
is off by far more.
"""

WAYS: tuple[tuple[Way, bool], ...] = (
    ("primal", False),
    ("choose", True),
    ("choose", False),
    ("ipm", True),
    ("ipm", False),
)
"""How HiGHS tries until it does not give up: first from no trade, which every program allows."""

FEASIBLE = 1e-13
"""A row counts as met within this share of the sum of its terms, some hundred rounding errors."""

INDEPENDENT = 1e-12
"""Rows are independent if their smallest singular value, with rows of length 1, exceeds this."""


def best_portfolios(programs: TraderPrograms) -> FloatArray:
    """Optimal portfolios, shape (n, 4) in the order of :data:`HOLDINGS`.

    Steps: HiGHS solves all members together; the answer is sharpened to a vertex; both agree.

    Returns
    -------
    array
        A row of NaN for a member whose program is unbounded.

    Raises
    ------
    ValueError
        If a member's program is infeasible, if HiGHS gives up on it, or if HiGHS and the vertices
        disagree on its optimum; the member is named by its row.
    """
    best = np.empty((len(programs), len(HOLDINGS)))
    for start in range(0, len(programs), CHUNK):
        members = slice(start, start + CHUNK)
        some = programs[members]
        found = _highs(some, start)
        sharp = _best_vertices(some)
        bounded = np.isfinite(found[:, 0])
        apart = np.abs(some.gains(sharp) - some.gains(found))
        allowed = AGREEMENT * np.maximum(_unit(some), some.gross(sharp))
        # where a security may pay many times its price, payoffs are what is rounded
        allowed += FEASIBLE * some.high_payoff * np.abs(sharp[:, 1])
        wrong = np.flatnonzero(bounded & ~(apart <= allowed))
        if wrong.size:
            raise ValueError(
                f"member {start + wrong[0]}: HiGHS' optimum and the best vertex differ by"
                f" {apart[wrong[0]]:.3g} in cash"
            )
        best[members] = np.where(bounded[:, np.newaxis], sharp, np.nan)
    return best


def best_utilities(
    *,
    low_payoff: float,
    high_payoff: float,
    haircut: float,
    security_price: float,
    repo_rate: float,
    belief: FloatArray,
    endowed_cash: FloatArray,
    endowed_securities: FloatArray,
    income_up: FloatArray,
    income_down: FloatArray,
    reuse: bool = True,
) -> FloatArray:
    """Largest expected cash at date 1 that each member can reach, shape (n,).

    Infinite where a program is unbounded, which takes a haircut of zero (or one too small for
    HiGHS to tell from it) and a funded price outside the payoffs. Parameters and errors are those
    of :class:`TraderPrograms` and :func:`best_portfolios`.

    Examples
    --------
    An optimist with a wealth of 1.75 buys 175 of cash worth of the security at a haircut of 1%.

    >>> best_utilities(
    ...     low_payoff=0.7, high_payoff=1.15, haircut=0.01, security_price=0.75, repo_rate=0.0,
    ...     belief=np.array([0.1]), endowed_cash=np.array([1.0]),
    ...     endowed_securities=np.array([1.0]), income_up=np.array([100.0]),
    ...     income_down=np.array([0.0]),
    ... ).round(6)
    array([94.583333])
    """
    programs = TraderPrograms(
        low_payoff,
        high_payoff,
        haircut,
        security_price,
        repo_rate,
        belief,
        endowed_cash,
        endowed_securities,
        income_up,
        income_down,
        reuse=reuse,
    )
    portfolios = best_portfolios(programs)
    unbounded = np.isnan(portfolios[:, 0])
    return np.where(unbounded, np.inf, programs.utilities(portfolios))


# ---------------------------------------------------------------------- HiGHS
def _highs(programs: TraderPrograms, first: int) -> FloatArray:
    """Portfolios that HiGHS finds, (n, 4); NaN where unbounded.

    All members in one program; if that has no solution, one by one to find out whose has none.
    """
    together = _solve(programs)
    if isinstance(together, np.ndarray):
        return together
    found = np.empty((len(programs), len(HOLDINGS)))
    for member in range(len(programs)):
        alone = _solve(programs[member : member + 1])
        if isinstance(alone, str):
            if alone != "unbounded":
                raise ValueError(f"member {first + member}: the program is {alone}")
            alone = np.full((1, len(HOLDINGS)), np.nan)
        found[member] = alone[0]
    return found


def _solve(programs: TraderPrograms) -> FloatArray | str:
    """Solve some programs as one, or say why not.

    Positions are measured by their value at the posted price, and a member's cash in
    :func:`_unit`, so that the same block serves all members and numbers are of order one.
    """
    count, price = len(programs), programs.security_price
    unit = _unit(programs)
    in_cash = np.array([1.0, 1.0 / price, 1.0 / price, 1.0 / price])
    block = programs.rows[:4] * in_cash
    block[1] *= price
    found = maximise(
        (programs.objective * in_cash).ravel(),
        -block,
        -(programs.least[:, :4] / unit[:, np.newaxis]).ravel(),
        low=[0.0, -np.inf, 0.0, 0.0],
        copies=count,
        ways=WAYS,
    )
    if found.status != "optimal":
        return found.status
    scaled = found.amounts.reshape(count, len(HOLDINGS))
    return np.asarray(scaled * in_cash * unit[:, np.newaxis])


def _unit(programs: TraderPrograms) -> FloatArray:
    """Largest position that margin allows or that wealth and incomes could answer for, in cash."""
    wealth = np.abs(programs.wealth)
    means = wealth + np.maximum(np.abs(programs.income_up), np.abs(programs.income_down))
    if programs.haircut > 0.0:
        means = np.minimum(means, wealth / programs.haircut)
    return np.where(means > 0.0, means, 1.0)


# ---------------------------------------------------------------------- vertices
def _best_vertices(programs: TraderPrograms) -> FloatArray:
    """The feasible vertex of highest utility, (n, 4); NaN if there is none.

    1. Four independent rows make a vertex: solve for it, and correct it by its residuals, which
       at high leverage gains three digits.
    2. Drop it if it misses another row by more than rounding.
    3. Of the others take the one with the highest expected utility; of those that are equal up
       to rounding, the one with the smallest positions.
    """
    price = programs.security_price
    in_cash = np.array([1.0, 1.0 / price, 1.0 / price, 1.0 / price])
    scaled = programs.rows * in_cash
    length = np.linalg.norm(scaled, axis=1, keepdims=True)
    bases = np.array(list(combinations(range(len(CONSTRAINTS)), len(HOLDINGS))))
    weakest = np.linalg.svd((scaled / length)[bases], compute_uv=False)[:, -1]
    bases = bases[weakest > INDEPENDENT]
    inverse = in_cash[:, np.newaxis] * np.linalg.inv((scaled / length)[bases])
    inverse = inverse / length[bases][:, np.newaxis, :, 0]

    binding = programs.least[:, bases]
    vertices = np.einsum("vij,nvj->nvi", inverse, binding)
    every = np.arange(len(bases))[:, np.newaxis]
    missed = programs.slack(vertices)[:, every, bases]
    vertices = vertices - np.einsum("vij,nvj->nvi", inverse, missed)

    terms = np.abs(vertices) @ np.abs(programs.rows).T + np.abs(programs.least)[:, np.newaxis]
    feasible = np.all(programs.slack(vertices) >= -FEASIBLE * terms, axis=2)
    worth = programs.gains(vertices) - FEASIBLE * programs.gross(vertices)
    best = np.argmax(np.where(feasible, worth, -np.inf), axis=1)
    members = np.arange(len(programs))
    chosen = vertices[members, best]
    return np.where(feasible[members, best][:, np.newaxis], chosen, np.nan)
