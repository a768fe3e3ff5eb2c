r"""The capital asset pricing model with bankruptcy: Propositions 2 and 3, printed and corrected.

Both hold at an equilibrium where all utilities are linear-quadratic, no equity is sold out and
nobody consumes nothing at date 0. Where utility is quadratic at date 0 too, they hold with each
member's marginal utility there in place of :math:`a_0`; with a weight of one these add up to
:math:`\alpha_0 = \alpha_1 - w_0`, which is given by the primitives. Products
:math:`\langle x, y\rangle = \sum_s \rho_s x_s y_s`, norms and projections are weighted by the
probabilities.

With :math:`\alpha_0 = \sum a_0`, :math:`\alpha_1 = \sum a_1`, aggregate goods corrected for the
shortfall :math:`\tilde w = \sum_i (w_i + Y \delta_i) - (1 - r) \sum_i z_i^-`, and
:math:`g = \alpha_1 1 - \tilde w`, and with :math:`s^+, s^-, M` the multipliers of
:math:`z^+ \ge 0`, :math:`z^- \ge 0` and :math:`z^- \le \kappa` added up over all members:

* Proposition 2: :math:`\alpha_0 q_e = \langle g, y \rangle` and
  :math:`\alpha_0 q_b = \langle g, r\rangle + s^+ = \langle g, 1 \rangle - s^- + M`.
* Proposition 3: with :math:`k = a_0 / \alpha_0`, :math:`e = w + Y\delta` and
  :math:`v = (a_1 - k \alpha_1) 1 - (e - k \tilde w)`, consumption at date 1 is
  :math:`e + P_{(r, Y)} v - k s^+ r_e` of lenders,
  :math:`e + P_{(1, Y)} v + (k (s^- - M) + \mu) 1_e` of borrowers and :math:`e + P_Y v` of others,
  where :math:`v_e = (v - P_Y v) / \|v - P_Y v\|^2`.

Source: Eichberger, Rheinberger and Summer, "Credit Risk in General Equilibrium" (2014); what is
printed there otherwise is in :mod:`scenarios.bankruptcy.errata`, and in
:func:`sharing_rule_as_printed`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.quote import FloatArray
from scenarios.bankruptcy.certificate import Multipliers, multipliers
from scenarios.bankruptcy.default_state import DefaultState
from scenarios.bankruptcy.state import State

BOUND = 1e-9
"""Consumption at date 0 or equity left, in units, below which a bound counts as binding."""


@dataclass(frozen=True, slots=True)
class Aggregates:
    r"""Sums over all members, in order :math:`\alpha_0, \alpha_1, \tilde w, g, s^+, s^-, M`."""

    weight: float
    satiation: float
    corrected: FloatArray
    kernel: FloatArray
    not_lending: float
    not_borrowing: float
    limit: float


def applies(state: State) -> bool:
    """Whether the propositions' assumptions hold at a state."""
    return bool(
        not isinstance(state, DefaultState)
        and np.all(state.quadratic)
        and np.all(state.now > BOUND)
        and np.all(state.equities + state.endowed_equities > BOUND)
    )


def aggregates(state: State, of: Multipliers | None = None) -> Aggregates:
    """The sums over all members that the propositions need."""
    of = multipliers(state) if of is None else of
    corrected = state.goods - (1.0 - state.rates) * state.promises
    satiation = float(np.sum(state.second))
    return Aggregates(
        weight=float(np.sum(state.marginal_now())),
        satiation=satiation,
        corrected=corrected,
        kernel=satiation - corrected,
        not_lending=float(np.sum(of.not_lending)),
        not_borrowing=float(np.sum(of.not_borrowing)),
        limit=float(np.sum(of.limit)),
    )


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by Proposition 2: equities, and the bond from the lenders' and borrowers' side."""

    equities: FloatArray
    bond_lending: float
    bond_borrowing: float
    lowest: float
    highest: float


def prices(state: State) -> Prices:
    r"""Prices by Proposition 2 at a state.

    ``lowest`` and ``highest`` are :math:`\langle g, r \rangle / \alpha_0` and
    :math:`\langle g, 1 \rangle / \alpha_0`, between which the bond price lies if the short limit
    binds nobody.
    """
    total = aggregates(state)
    weighted = state.probabilities * total.kernel
    lowest, highest = float(weighted @ state.rates), float(np.sum(weighted))
    return Prices(
        equities=weighted @ state.payoffs / total.weight,
        bond_lending=(lowest + total.not_lending) / total.weight,
        bond_borrowing=(highest - total.not_borrowing + total.limit) / total.weight,
        lowest=lowest / total.weight,
        highest=highest / total.weight,
    )


def equities_by_default_state(state: DefaultState) -> FloatArray | None:
    r"""Prices of equities where debtors choose what they deliver; None where a bound binds.

    Consumption adds up to the goods there are, so that adding up the conditions of all members
    leaves :math:`\alpha_0 q_e = \langle \alpha_1 - w_1 - Y \delta, y \rangle`: the standard model's
    prices, whatever the default, with the market portfolio as it is endowed. It needs quadratic
    utilities, no equity sold out, and nobody consuming nothing at date 0 or in a state.
    """
    interior = np.all(state.now > BOUND) and np.all(state.later > BOUND)
    unsold = np.all(state.equities + state.endowed_equities > BOUND)
    if not (np.all(state.quadratic) and interior and unsold):
        return None
    kernel = state.probabilities * (np.sum(state.second) - state.goods)
    return np.asarray(kernel @ state.payoffs / np.sum(state.marginal_now()))


def sharing_rule(state: State) -> FloatArray:
    """Consumption at date 1 by Proposition 3 (corrected), shape (N, S)."""
    return _sharing_rule(state, printed=False)


def sharing_rule_as_printed(state: State) -> FloatArray:
    r"""The same as printed: without :math:`Y\delta`, and with :math:`-\sigma` for borrowers."""
    return _sharing_rule(state, printed=True)


def _sharing_rule(state: State, *, printed: bool) -> FloatArray:
    binding = multipliers(state)
    total = aggregates(state, binding)
    rho, payoffs = state.probabilities, state.payoffs
    part = (state.marginal_now() / total.weight)[:, None]
    start = state.endowed_later + state.endowed_equities @ payoffs.T
    gap = state.second[:, None] - part * total.satiation - (start - part * total.corrected)
    ones = np.ones_like(state.rates)

    def project(columns: FloatArray, vectors: FloatArray) -> FloatArray:
        root = np.sqrt(rho)
        solved = np.linalg.lstsq(columns * root[:, None], (vectors * root).T)[0]
        return np.asarray((columns @ solved).T)

    def residual(vector: FloatArray) -> FloatArray:
        rest = vector - project(payoffs, vector[None, :])[0]
        return np.asarray(rest / (rho @ (rest * rest)))

    long = project(np.column_stack([state.rates, payoffs]), gap)
    long = long - part * total.not_lending * residual(state.rates)
    short = project(np.column_stack([ones, payoffs]), gap)
    if printed:
        short = short - part * total.not_borrowing * residual(ones)
        start = state.endowed_later
    else:
        push = part * (total.not_borrowing - total.limit) + binding.limit[:, None]
        short = short + push * residual(ones)
    none = project(payoffs, gap)
    bond = state.bond[:, None]
    return np.asarray(start + np.where(bond > 0.0, long, np.where(bond < 0.0, short, none)))
