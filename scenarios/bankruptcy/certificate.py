r"""The certificate of a bankruptcy equilibrium by Definition 1 of the source.

Everything is recomputed from quotes and the table of members; nothing of the code that trades is
used. That each member's choice is the best one in its budget set is verified twice:

* for every member by a bound. Utility is concave, so no plan :math:`x'` of the budget set is better
  by more than :math:`\nabla u(x)(x' - x)`, and by weak duality that is at most

  .. math::

     \mu x_0 + \sum_k \max\{c_k, 0\} (b_k - z_k) + \max\{-c_k, 0\} (z_k - l_k)

  for any :math:`\mu \ge 0`, where :math:`c_k` is what trade :math:`k` adds to utility at the value
  :math:`\lambda = v_0' + \mu` of a good at date 0, and :math:`l_k \le z_k \le b_k` are its bounds.
  The multipliers recovered here make the bound tight, so it vanishes at the best choice;
* for some of them by a solver, which is given the member's own program: HiGHS if utility is
  linear-quadratic, SciPy's SLSQP if not.

Source: Eichberger, Rheinberger and Summer, "Credit Risk in General Equilibrium" (2014).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.quote import BoolArray, FloatArray
from scenarios.bankruptcy.program import REACH, Rows, gain, most_sold, plan_by_slsqp, plans_by_highs
from scenarios.bankruptcy.state import State
from simulator.certificate import Certificate, Condition
from simulator.linear_program import maximise

SOLVED = 24
"""Members whose program is also given to the solver, evenly spread."""

CHOICE_TOLERANCE = 1e-8
"""Largest gain from another choice, as a share of the member's wealth; orders are exact to
rounding, and quotes to 1e-10 of what is traded."""

ROUNDING = 2e-15
"""Rounding of what a unit of a trade adds to utility: nine units in the last place of its terms,
and of consumption times the curvature of utility. The budget set reaches up to ``REACH`` times all
goods, so a poor member's bound is that much larger than its wealth."""

HIGHS_TOLERANCE = 1e-9
"""The same for HiGHS' plans; in random economies they are within 1e-11 of the best ones."""

SLSQP_TOLERANCE = 1e-7
"""The same for SLSQP, which stops within 1e-12 of its own objective, larger by the utility of all
consumption."""

MARKET_TOLERANCE = 1e-9
"""Excess demand as a share of what is traded, and errors of repayment rates; the rounds stop at
1e-10, settled orders are worked out once more."""

EXACT = 1e-11
"""Identities that hold up to rounding, as a share of the goods involved."""


@dataclass(frozen=True, slots=True)
class Multipliers:
    r"""Multipliers of every member's constraints, all of shape (N,) unless said otherwise.

    Attributes
    ----------
    value : array
        :math:`\lambda`, of the budget at date 0.
    not_lending, not_borrowing : array
        :math:`\sigma^+` of :math:`z^+ \ge 0` and :math:`\sigma^-` of :math:`z^- \ge 0`.
    limit : array
        :math:`\mu` of :math:`z^- \le \kappa`.
    equities : array of shape (N, J)
        Of :math:`z_e \ge -\delta`.
    """

    value: FloatArray
    not_lending: FloatArray
    not_borrowing: FloatArray
    limit: FloatArray
    equities: FloatArray


def gains(state: State, value: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What a unit more lent, promised, and of each equity adds to utility at a value of goods."""
    later = state.marginal_later() * state.probabilities
    lend = later @ state.rates - value * state.bond_price
    borrow = value * state.bond_price - np.sum(later, axis=1)
    return lend, borrow, later @ state.payoffs - value[:, None] * state.equity_prices


def multipliers(state: State) -> Multipliers:
    r"""Recover the multipliers from the choices.

    Where :math:`x_0 > 0` the value of a good is its marginal utility; where all is spent it is
    what the best of the purchases pays for it.
    """
    value = state.marginal_now()
    later = state.marginal_later() * state.probabilities
    bought = np.column_stack([state.lent > 0.0, state.equities > -state.endowed_equities])
    prices = np.append(state.bond_price, state.equity_prices)
    pays = np.column_stack([later @ state.rates, later @ state.payoffs]) / prices
    best = np.max(np.where(bought, pays, -np.inf), axis=1, initial=-np.inf)
    value = np.where((state.now <= 0.0) & (best > value), best, value)
    lend, borrow, equities = gains(state, value)
    return Multipliers(
        value=value,
        not_lending=np.where(state.bond > 0.0, 0.0, np.maximum(-lend, 0.0)),
        not_borrowing=np.where(state.bond < 0.0, 0.0, np.maximum(-borrow, 0.0)),
        limit=np.maximum(borrow, 0.0) * (state.promised >= state.short_limit),
        equities=np.maximum(-equities, 0.0) * (state.equities <= -state.endowed_equities),
    )


def wealth(state: State) -> FloatArray:
    """Goods at date 0 and equities at their prices, each member's before trade."""
    return np.asarray(state.endowed_now + state.endowed_equities @ state.equity_prices)


def rounding(state: State, value: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    r"""Error by rounding of each of :func:`gains`.

    ``ROUNDING`` times :math:`\lambda q_k + E[(v_1' + |v_1''| t) D_k]`, where :math:`t` is the sum
    of the sizes of all that consumption adds up: trades that cancel leave it no more exact.
    """
    turnover = (
        state.endowed_later + (state.endowed_equities + np.abs(state.equities)) @ state.payoffs.T
    )
    turnover = turnover + np.outer(state.lent, state.rates) + state.promised[:, None]
    marginal = state.marginal_later()
    curvature = np.where(state.quadratic[:, None], 1.0, state.first[:, None] * marginal)
    later = (np.abs(marginal) + curvature * turnover) * state.probabilities * ROUNDING
    bond = ROUNDING * value * state.bond_price
    equities = ROUNDING * value[:, None] * state.equity_prices
    return (
        later @ state.rates + bond,
        np.sum(later, axis=1) + bond,
        later @ state.payoffs + equities,
    )


def possible_gains(state: State) -> FloatArray:
    """Bound on what each member could still gain, as a share of its wealth.

    What a trade adds to utility counts as zero up to its ``rounding``.
    """
    value = multipliers(state).value
    most = most_sold(state)
    cash = state.endowed_now + state.bond_price * most
    cash = cash + state.endowed_equities @ state.equity_prices
    lend, borrow, equities = (
        np.sign(gain) * np.maximum(np.abs(gain) - error, 0.0)
        for gain, error in zip(gains(state, value), rounding(state, value), strict=True)
    )

    def room(gain: FloatArray, low: FloatArray, trade: FloatArray, high: FloatArray) -> FloatArray:
        up = np.maximum(gain, 0.0) * np.maximum(high - trade, 0.0)
        down = np.maximum(-gain, 0.0) * np.maximum(trade - low, 0.0)
        return np.asarray(up + down)

    none = np.zeros_like(cash)
    total = (value - state.marginal_now()) * np.maximum(state.now, 0.0)
    total = total + room(lend, none, state.lent, cash / state.bond_price)
    total = total + room(borrow, none, state.promised, none + most)
    for j, price in enumerate(state.equity_prices):
        total = total + room(
            equities[:, j], -state.endowed_equities[:, j], state.equities[:, j], cash / price
        )
    return np.asarray(total / (value * wealth(state)))


def solver_gains(state: State, rows: Rows, plans: FloatArray) -> FloatArray:
    """What plans would add to members' utility, as a share of their wealth."""
    better = np.array([gain(state, i, plan) for i, plan in zip(rows, plans, strict=True)])
    scale = (multipliers(state).value * wealth(state))[rows]
    return np.where(np.isnan(better), np.inf, better / scale)


def arbitrage(state: State) -> float:
    r"""Zero if no member can gain for sure by trades open to it; infinite if one can.

    By Farkas' lemma a member can't if some :math:`\pi > 0` values every such trade at no more than
    it costs: :math:`\pi D_k \le q_k`. Buying is open to all. An equity can be sold by those who
    hold some of it, and only for them :math:`\pi Y_j = q_j`; a lender can sell its bonds, a
    borrower buy its promises back, and whoever is below the short limit promise more. State
    prices may differ between members who hold different things.
    """
    holds = state.equities > -state.endowed_equities
    patterns = np.column_stack([np.sign(state.bond), state.promised < state.short_limit, holds])
    return max(
        _state_prices(state, int(side), bool(more), held.astype(np.bool_))
        for side, more, *rest in np.unique(patterns, axis=0)
        for held in [np.array(rest)]
    )


def _state_prices(state: State, side: int, can_promise: bool, held: BoolArray) -> float:
    r"""Zero if there are state prices for members with a net bond position of that sign.

    HiGHS looks for the :math:`\pi` whose smallest entry, as a share of the state's probability, is
    largest. Prices and payoffs are counted in units of each instrument's price.
    """
    states = state.probabilities.size
    bond, equities = state.rates / state.bond_price, (state.payoffs / state.equity_prices).T
    promise = np.full(states, 1.0 / state.bond_price)
    rows = [promise if side < 0 else bond, *equities]
    signs = [1.0] * len(rows)
    if side > 0:
        rows, signs = [*rows, -bond], [*signs, -1.0]
    elif can_promise:
        rows, signs = [*rows, -promise], [*signs, -1.0]
    rows, signs = [*rows, *-equities[held]], [*signs, *[-1.0] * int(np.sum(held))]
    worth = np.column_stack([np.array(rows) * state.probabilities, np.zeros(len(rows))])
    smallest = np.column_stack([-np.eye(states), np.ones(states)])
    solution = maximise(
        np.append(np.zeros(states), 1.0),
        np.vstack([worth, smallest]),
        np.concatenate([signs, np.zeros(states)]),
    )
    return 0.0 if solution.status == "optimal" and solution.value > 0.0 else np.inf


def certify(state: State, *, complete: bool = True) -> Certificate:
    """The certificate of a state.

    Parameters
    ----------
    state : State
        The state.
    complete : bool
        Whether it shows every member; if not, only what concerns members is checked.
    """
    reach = (
        "" if np.isfinite(state.short_limit) else f"; bond sales up to {REACH:g} times all goods"
    )
    conditions = [
        Condition(
            "budget",
            _budget(state),
            EXACT,
            "(i) consumption is what equation (3) says that endowment and trades amount to",
        ),
        Condition(
            "bounds",
            _bounds(state),
            EXACT,
            "(i) nobody consumes less than nothing at date 0, sells equities it lacks, or sells"
            " more bonds than the limit",
        ),
        Condition(
            "optimal_choice",
            float(np.max(np.abs(possible_gains(state)))),
            CHOICE_TOLERANCE,
            "(i) no plan in the budget set is better by more than this share of the member's"
            f" wealth; marginal utilities count as equal within {ROUNDING:.0e} of their terms",
            f"all{reach}",
        ),
        *_solved(state, reach),
        Condition(
            "monotone",
            satiation(state),
            0.0,
            "(A2) nobody is satiated at date 0 or in any state",
        ),
        Condition(
            "quotes_in_range",
            float(
                np.max(
                    np.concatenate(
                        [
                            state.rates - 1.0,
                            np.where(state.rates > 0.0, 0.0, np.inf),
                            np.where(state.equity_prices > 0.0, 0.0, np.inf),
                            [0.0 if state.bond_price > 0.0 else np.inf],
                        ]
                    ),
                    initial=0.0,
                )
            ),
            0.0,
            "prices are above 0 and repayment rates in (0, 1]",
        ),
        Condition(
            "no_arbitrage",
            arbitrage(state),
            0.0,
            "strictly positive state prices exist for the trades open to each member (Lemma 1)",
        ),
    ]
    if complete:
        conditions += markets(state)
    return Certificate(tuple(conditions))


def _solved(state: State, reach: str) -> list[Condition]:
    """The comparison with a solver: HiGHS for quadratic programs, SLSQP for all others.

    A quadratic program in which HiGHS reports no optimum is given to SLSQP too.
    """
    members = state.members
    some = np.unique(np.linspace(0, members - 1, min(members, SOLVED)).astype(np.int64))
    quadratic = some[state.quadratic[some]]
    plans = plans_by_highs(state, quadratic)
    solved = np.isfinite(plans).all(axis=1)
    others = np.union1d(some[~state.quadratic[some]], quadratic[~solved])
    by_slsqp = np.array([plan_by_slsqp(state, member) for member in others])
    return [
        Condition(
            f"optimal_by_{name.lower()}",
            float(np.max(solver_gains(state, rows, best), initial=0.0)),
            tolerance,
            f"(i) {name} finds no better plan for these members",
            f"{rows.size} of {members}, by {name}{reach}",
        )
        for name, rows, best, tolerance in (
            ("HiGHS", quadratic[solved], plans[solved], HIGHS_TOLERANCE),
            ("SLSQP", others, by_slsqp, SLSQP_TOLERANCE),
        )
        if rows.size
    ]


def markets(state: State) -> list[Condition]:
    """The conditions on all members together."""
    traded = max(
        float(np.sum(state.lent + state.promised)), 1e-3 * float(np.sum(state.endowed_now))
    )
    held = np.sum(2.0 * state.endowed_equities + state.equities, axis=0)
    promised = state.promises
    paid = np.sum(state.paid, axis=0)
    realised = paid / promised if promised > 0.0 else state.unpromised
    eaten = np.sum(np.maximum(state.later, 0.0), axis=0)
    return [
        Condition(
            "bond_clears",
            abs(float(np.sum(state.bond))) / traded,
            MARKET_TOLERANCE,
            "(ii) bonds bought less bonds sold, as a share of both",
        ),
        Condition(
            "equities_clear",
            float(np.max(np.abs(np.sum(state.equities, axis=0)) / held, initial=0.0)),
            MARKET_TOLERANCE,
            "(ii) equities bought less sold, as a share of those held",
        ),
        Condition(
            "feasible_consumption",
            float(np.max(np.abs(eaten - state.goods) / state.goods)),
            MARKET_TOLERANCE,
            "(iii) positive consumption is what there is, in every state (redundant, Lemma 6)",
        ),
        Condition(
            "repayment_rates",
            float(np.max(np.abs(realised - state.rates))),
            MARKET_TOLERANCE,
            "(iv) the clearing house pays at the rates that were quoted, equation (4)",
        ),
    ]


def satiation(state: State) -> float:
    """How far marginal utility falls below zero, as a share of the largest one of the member."""
    margins = np.column_stack([state.marginal_now(), state.marginal_later()])
    return float(np.max(-margins / np.max(np.abs(margins), axis=1)[:, None], initial=0.0))


def _budget(state: State) -> float:
    now = state.endowed_now - state.bond_price * state.bond - state.equities @ state.equity_prices
    later = state.resources + np.outer(state.lent, state.rates) - state.promised[:, None]
    traded = state.bond_price * np.abs(state.bond) + np.abs(state.equities) @ state.equity_prices
    # payoffs of equities owned and sold are added and taken off, and leave their rounding behind
    owned = state.endowed_equities @ np.max(state.payoffs, axis=0, initial=0.0)
    turnover = np.max(state.resources, axis=1) + np.abs(state.bond) + owned
    return float(
        max(
            np.max(np.abs(now - state.now) / (state.endowed_now + traded)),
            np.max(np.abs(later - state.later) / turnover[:, None]),
        )
    )


def _bounds(state: State) -> float:
    over = np.concatenate(
        [
            -state.now / state.endowed_now,
            np.ravel(-(state.equities + state.endowed_equities)),
            state.promised - state.short_limit,
        ]
    )
    return float(np.max(over, initial=0.0))
