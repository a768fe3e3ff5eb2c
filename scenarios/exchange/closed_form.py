r"""Equilibria of pure exchange that need no rounds.

With :math:`n_i` consumers of kind :math:`i`, weights :math:`a`, endowments :math:`e`, totals
:math:`S_k = \sum_i n_i e_{ik}` and elasticities :math:`s`:

* Cobb-Douglas, all :math:`s_i = 1` and weights that sum to one: spending on good :math:`k` is what
  it is worth, :math:`\sum_i n_i a_{ik} (e_i \cdot p) = S_k p_k`, a linear system. The values
  :math:`S_k p_k` are the Perron eigenvector of a stochastic matrix (Gale, *The Theory of Linear
  Economic Models*, 1960, chapter 8), unique where everybody trades with everybody, if indirectly.
* Leontief, all :math:`s_i = 0`, as many kinds as goods and independent weights: the levels
  :math:`y` at which all goods are used up solve :math:`\sum_i n_i a_{ik} y_i = S_k`, and budgets
  :math:`(y_i a_i - e_i) \cdot p = 0` are a linear system. In Scarf's economy prices are equal.
  Equilibria in which a good is free are not among these.
* Two goods: all roots of excess demand for the second. Since :math:`x_{i2} / x_{i1} =
  (a_{i2} / a_{i1}) p^{-s_i} =: \rho_i` at its relative price :math:`p`,
  :math:`x_{i2} = \rho_i (e_{i1} + p e_{i2}) / (1 + p \rho_i)`.
"""

import numpy as np
import pandas as pd

from agents.exchange.consumers import Primitives
from markets.quote import FloatArray

WIDEST, NODES = 20.0, 10_000
"""Logarithm of a relative price up to which roots are looked for, and prices looked at: two roots
closer than 0.4% are missed. An even number, as a root at equal prices must not be a node."""

SAME, SINGULAR = 1e-6, 1e-9
"""Relative difference of prices up to which quotes rest at an equilibrium; size of a singular
value, relative to the largest, that is zero: exactly one must be."""


SHORT, LONGEST, SMOOTH, PRECISE = 0.05, 200.0, 0.25, 1e-8
"""Of an orbit: the time in which it leaves its start, at most how long it is followed, the longest
step that looks smooth, in units of 1 / (log price per unit of excess demand); and how precisely."""


def linear(primitives: Primitives) -> FloatArray | None:
    """Prices in units of the first good where they solve a linear system, shape (n,)."""
    weights, endowment, elasticity, members = primitives
    supply = members @ endowment
    if (elasticity == 1.0).all():
        share = weights / weights.sum(axis=1, keepdims=True)
        system = (share * members[:, None]).T @ endowment - np.diag(supply)
    elif (
        not elasticity.any()
        and len(weights) == len(supply)
        and np.linalg.matrix_rank(weights) == len(supply)
    ):
        levels = np.linalg.solve((weights * members[:, None]).T, supply)
        system = levels[:, None] * weights - endowment
    else:
        return None
    _, sizes, rows = np.linalg.svd(system)
    unique = sizes[-1] <= SINGULAR * sizes[0] < sizes[-2]
    return rows[-1] / rows[-1, 0] if unique and (rows[-1] * rows[-1, 0] > 0.0).all() else None


def two_goods(primitives: Primitives, price: float) -> pd.DataFrame:
    """All equilibria by the relative price of the second good, and the one that rests at a price.

    The textbook rule, in small steps, comes to rest at one where excess demand falls as the price
    rises.
    """
    from scipy.optimize import brentq

    weights, endowment, elasticity, members = primitives

    def excess(log_price: FloatArray) -> FloatArray:
        price = np.exp(log_price[:, None])
        wealth = endowment[:, 0] + price * endowment[:, 1]
        spread = weights[:, 0] * price**elasticity + weights[:, 1] * price
        return (weights[:, 1] * wealth / spread - endowment[:, 1]) @ members

    nodes = np.linspace(-WIDEST, WIDEST, NODES)
    signs = np.sign(excess(nodes))
    crossed = np.flatnonzero(signs[:-1] * signs[1:] < 0.0)
    logs = [brentq(lambda u: excess(np.array([u]))[0], *nodes[k : k + 2]) for k in crossed]
    textbook = np.where(signs[crossed] > 0.0, "stable", "unstable")
    roots = pd.DataFrame({"price": np.exp(logs), "textbook_rule": textbook})
    return roots.assign(rested=np.abs(roots.price / price - 1.0) < SAME)


def orbit(primitives: Primitives, start: FloatArray) -> FloatArray:
    r"""Prices along one turn of the textbook rule around Scarf's equilibrium, in continuous time.

    Consumers are Leontief and all prices are equal in equilibrium, as in Scarf's economy. With
    :math:`u_k = \log (p_k / p_1)` solves

    .. math:: \dot u_k = \log \frac{D_k}{S_k} - \log \frac{D_1}{S_1}, \qquad
              D_k = \sum_i n_i a_{ik} \frac{e_i \cdot p}{a_i \cdot p},

    from the start until its direction from the equilibrium, :math:`u = 0`, is that of the start
    again; at the latest after ``LONGEST``.

    Parameters
    ----------
    primitives : Primitives
        The consumers.
    start : array of shape (3,)
        First prices, not all equal.

    Returns
    -------
    array of shape (points, 3)
        Prices in units of the first good.
    """
    from scipy.integrate import solve_ivp

    weights, endowment, _, members = primitives
    supply = members @ endowment

    def push(_: float, u: FloatArray) -> FloatArray:
        p = np.exp(np.append(0.0, u))
        wanted = np.log((members * (endowment @ p) / (weights @ p)) @ weights / supply)
        return np.asarray(wanted[1:] - wanted[0])

    def across(_: float, u: FloatArray) -> float:
        return float(first[0] * u[1] - first[1] * u[0])

    first = np.log(start[1:] / start[0])
    away = solve_ivp(push, (0.0, SHORT), first, rtol=PRECISE, atol=PRECISE).y[:, -1]
    across.terminal, across.direction = True, np.sign(across(0.0, away))  # type: ignore[attr-defined]
    turn = solve_ivp(push, (SHORT, LONGEST), away, rtol=PRECISE, atol=PRECISE, events=across,
                     max_step=SMOOTH).y  # fmt: skip
    path = np.column_stack([first, turn])
    return np.asarray(np.exp(np.vstack([np.zeros(path.shape[1]), path])).T)
