r"""The certificate of an equilibrium of pure exchange; it shares no code with the traders.

Prices and holdings are the run's, primitives the parameters'. That nobody can do better is shown by
the dual of the consumer's convex program: with the power mean :math:`M_r(v; a) = (\sum_k a_k
v_k^r)^{1/r}`, weights that sum to one, utility and what a unit of it costs at least are

.. math:: U_i(x) = M_{1 - 1/s_i}(x / a_i; a_i), \qquad P_i(p) = M_{1 - s_i}(p; a_i),

and :math:`p \cdot x \ge P_i(p)\, U_i(x)` for every :math:`x \ge 0` (Hoelder's inequality). So no
basket that wealth :math:`m_i` can pay has a utility above :math:`m_i / P_i`, and the holding must
have it. At :math:`s = 1` the means are geometric, at :math:`s = 0` utility is a minimum.
"""

import numpy as np

from agents.exchange.consumers import Primitives
from markets.quote import FloatArray
from simulator.certificate import Certificate, Condition

ROUNDING, CLEARED = 1e-9, 1e-8
"""What rounding leaves of budgets and best utilities, as a share of wealth; what rounds leave of
excess demand (1e-10 of what is traded, in all markets but one), as a share of what there is."""


def certify(
    primitives: Primitives, prices: FloatArray, held: FloatArray, *, complete: bool = True
) -> Certificate:
    """Certify prices, shape (goods,), and holdings, shape (consumers, goods).

    Of a sample of consumers, not ``complete``, only what concerns each of them is checked.
    """
    weights, endowment, elasticity, members = primitives
    weights = weights / weights.sum(axis=1, keepdims=True)
    wealth, supply, excess = endowment @ prices, members @ endowment, members @ (held - endowment)
    with np.errstate(all="ignore"):  # what is no number does not hold
        cost = power_mean(np.tile(prices, (len(held), 1)), weights, 1.0 - elasticity)
        utility = power_mean(held / weights, weights, 1.0 - 1.0 / elasticity)
    conditions: tuple[tuple[str, FloatArray, float, str], ...] = (
        (
            "optimality",
            1.0 - utility * cost / wealth,
            ROUNDING,
            "no basket that a consumer can pay for is better (share of its wealth)",
        ),
        (
            "budget",
            1.0 - held @ prices / wealth,
            ROUNDING,
            "all spend what they own is worth (share of that)",
        ),
        ("non-negativity", np.minimum(held, 0.0), 0.0, "nobody holds less than nothing"),
    )
    markets = (
        ("markets, units", excess / supply, CLEARED, "every good clears (share of what there is)"),
        (
            "markets, value",
            excess * prices / (members @ wealth),
            CLEARED,
            "every good clears in value (share of all wealth)",
        ),
    )
    if complete:
        conditions += markets
    return Certificate(
        tuple(Condition(name, float(np.max(np.abs(r))), t, why) for name, r, t, why in conditions)
    )


def power_mean(values: FloatArray, weights: FloatArray, power: FloatArray) -> FloatArray:
    """Weighted power mean of each row; shapes (m, n), (m, n), (m,) to (m,)."""
    logs = np.log(np.where(weights > 0.0, values, 1.0))
    middle = np.sum(weights * logs, axis=1)
    apart = np.where(weights > 0.0, logs - middle[:, None], 0.0)
    beyond = np.sum(weights * np.expm1(power[:, None] * apart), axis=1)
    mean = middle + np.where(power == 0.0, 0.0, np.log1p(beyond) / power)
    least = np.min(np.where(weights > 0.0, logs, np.inf), axis=1)
    return np.asarray(np.exp(np.where(np.isinf(power), least, mean)))
