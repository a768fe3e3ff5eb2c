r"""Equilibrium of a repo market with margins on both sides, for a continuum of traders.

Source: Bottazzi, Pascoa and Ramirez, "Do security prices rise or fall when margins are raised?",
slides.  The slides solve the case of a zero repo rate; the cases with a negative one follow from
the same problem of the trader and the same clearing conditions.

The economy
-----------
A security costs :math:`q` and pays :math:`D_U` in state U and :math:`D_D > D_U` in state D.
Belief :math:`i` is a trader's probability of U, the low payoff, so low :math:`i` is optimistic;
beliefs follow the continuous distribution :math:`F` on (0, 1).  Everybody owns :math:`e_x` of cash
and :math:`e_y` of the security, worth :math:`W = e_x + q e_y`, and earns
:math:`\omega_U` or :math:`\omega_D` of cash at date 1.  A clearing house charges the haircut
:math:`1 - h` to borrowers and to lenders of the security, and reinvests what it collects at the
repo rate :math:`\rho \le 0`.  A long pays in effect :math:`e_1 = q (1 + \rho h)` for the security,
a short receives :math:`e_2 = q (1 + \rho (2 - h)) \le e_1`.

With linear utility a trader takes the largest position it can or none.  The belief :math:`m_1`
indifferent to being long and the belief :math:`m_2 \ge m_1` indifferent to being short have
:math:`e_k = D_D - m_k (D_D - D_U)`, and positions are constrained by margin or by solvency:

.. math::

    \psi &= \min\{ W / (q (1-h)),\ (\omega_U + W) / (e_1 - D_U) \}      & \text{(long)}  \\
    \theta &= \min\{ W / (q (1-h)),\ (\omega_D + W) / (D_D - e_2) \}    & \text{(short)} \\
    \Psi &= F(m_1) \psi, \qquad \Theta = (1 - F(m_2)) \theta

The two kinds of equilibrium
----------------------------
1. :math:`\rho = 0`, hence :math:`e_1 = e_2 = q`, :math:`m_1 = m_2 = m`:
   :math:`\Psi(q) - \Theta(q) = e_y`, allowed while :math:`\Psi \le \Psi^*` (regime I).
2. :math:`\rho < 0`: all the security sits in the clearing house's reinvestment, so
   :math:`\Psi = \Psi^* = (2-h) e_y / (2(1-h))` and :math:`\Theta = \Theta^* = h e_y / (2(1-h))`,
   with :math:`q = [(2-h) e_1 - h e_2] / (2(1-h))` (regime III if margin constrains both sides,
   otherwise regime II).

Why there is exactly one, and why bracketing finds it
-----------------------------------------------------
* *One root at a zero rate.*  In :math:`q`, each bound on :math:`\psi` has log slope at most
  :math:`W'/W - 1/q`, and each bound on :math:`\theta` at least that; :math:`F(m)` falls.  So where
  :math:`\Psi \ge \Theta` the difference :math:`\Psi - \Theta` falls strictly: it crosses
  :math:`e_y > 0` once.  It lies above it at :math:`q = D_U` and below it at :math:`q = D_D`.
* *One root each for m_1 and m_2.*  At a given :math:`q`, :math:`\Psi` rises strictly with
  :math:`m_1` under either bound, so the :math:`m_1` that meets :math:`\Psi^*` is the larger of the
  two found with one bound alone; likewise :math:`m_2` is the smaller.
* *One root in q.*  Let :math:`G(q) = [(2-h) e_1(q) - h e_2(q)] / (2(1-h)) - q`.  Differentiating
  the two targets gives :math:`G' \le F(m_1) + 1 - F(m_2) - 1`, with a strict sign from the
  density, so :math:`G` falls wherever :math:`e_1 \ge e_2`.  If :math:`\Psi > \Psi^*` at the root
  :math:`q_0` of step 1, then :math:`e_1(q_0) > q_0 > e_2(q_0)` and :math:`G(q_0) > 0`.  A root
  above :math:`q_0` with :math:`e_1 < e_2`, or a point :math:`e_1 = e_2 \ge q`, would put
  :math:`\Psi - \Theta` above :math:`e_y` to the right of :math:`q_0`, against the first point.  As
  :math:`e_1 \le D_D` and :math:`e_2 \ge D_U`, :math:`G` is negative above
  :math:`[(2-h) D_D - h D_U] / (2(1-h))`.  Hence one sign change, and it is the equilibrium.

Without reuse of collateral
---------------------------
Nobody can be short, so :math:`\Theta` leaves the market of the security, and the repo rate is zero:
at a negative one all owners would pledge and nobody lend, at a positive one nobody keep the cash.
What is left is :math:`\Psi(q) = F(m) \psi = e_y` with :math:`q` the mean payoff under :math:`m`;
both bounds on :math:`\psi` fall in :math:`q`, so :math:`\Psi` rises strictly in :math:`m` from 0 to
more than :math:`e_y`, and there is one root. If margin constrains the longs,
:math:`F(m) (e_x + q e_y) = q (1-h) e_y`: the haircut is what the mass of longs has to put up.

The unknowns below are beliefs, not prices: :math:`e_1 - D_U = (1 - m_1)(D_D - D_U)` and
:math:`D_D - e_2 = m_2 (D_D - D_U)` then lose no digits.  Positions enter as their reciprocals,
which stay finite when a haircut of zero removes the margin bound.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scenarios.repo.continuum import (
    Continuum,
    belief_at_zero_rate,
    marginal_long,
    marginal_short,
    reinvestment_suffices,
    root,
)


@dataclass(frozen=True)
class ClosedForm:
    r"""The equilibrium of the continuum.

    Attributes
    ----------
    security_price
        :math:`q`, in cash at date 0.
    repo_rate
        :math:`\rho`, never positive.
    marginal_long
        :math:`F(m_1)`, the share of traders who are long.
    marginal_short
        :math:`F(m_2)`; the share of traders who are short is 1 minus this.
    regime
        "I" (zero rate), "II" (negative rate, solvency constrains at least one side) or
        "III" (negative rate, margin constrains both sides).
    longs_constrained_by, shorts_constrained_by
        "margin" or "solvency"; a tie counts as margin. Nobody constrains the shorts where
        collateral is not reused, since there are none: "nobody".
    """

    security_price: float
    repo_rate: float
    marginal_long: float
    marginal_short: float
    regime: str
    longs_constrained_by: str
    shorts_constrained_by: str


@dataclass(frozen=True)
class IncomeNeeded:
    r"""Least date-1 incomes at which margin, not solvency, constrains a side at given quotes.

    ``income_up`` is what longs need in state U, ``income_down`` what shorts need in state D.
    Zero means that the side is solvent at full leverage without any income.
    """

    income_up: float
    income_down: float


def solve(
    *,
    haircut: float,
    low_payoff: float,
    high_payoff: float,
    cash: float,
    securities: float,
    income_up: float,
    income_down: float,
    cdf: Callable[[float], float],
    quantile: Callable[[float], float],
    reuse: bool = True,
) -> ClosedForm:
    r"""Find the equilibrium of the continuum.

    1. Find the belief :math:`m`, and with it :math:`q`, that clears the market at a zero rate.
    2. If then :math:`\Psi \le \Psi^*`, that is the equilibrium (regime I).
    3. Otherwise find :math:`q` above it at which the marginal beliefs that meet
       :math:`\Psi^*` and :math:`\Theta^*` give back the same :math:`q` (regimes II and III).

    Parameters
    ----------
    haircut
        :math:`1 - h`, at least 0 and below 1.
    low_payoff, high_payoff
        :math:`D_U` and :math:`D_D`, with :math:`0 \le D_U < D_D`.
    cash, securities
        Endowments :math:`e_x > 0` and :math:`e_y > 0` of every trader.
    income_up, income_down
        :math:`\omega_U \ge 0` and :math:`\omega_D \ge 0`.
    cdf, quantile
        :math:`F`, continuous and strictly rising from 0 to 1 on [0, 1], and its inverse.
    reuse
        Whether collateral may be sold by who lends against it; see above for the case without.

    Raises
    ------
    ValueError
        If a parameter is out of range, or if ``cdf`` does not rise from 0 to 1.

    Examples
    --------
    >>> found = solve(haircut=0.01, low_payoff=0.70, high_payoff=1.15, cash=1.0, securities=1.0,
    ...               income_up=0.0, income_down=107.6, cdf=lambda i: i, quantile=lambda p: p)
    >>> round(found.security_price, 3), round(found.marginal_long, 3), found.regime
    (0.754, 0.881, 'I')
    """
    economy = Continuum(
        haircut,
        low_payoff,
        high_payoff,
        cash,
        securities,
        income_up,
        income_down,
        cdf,
        quantile,
        reuse,
    )
    belief = belief_at_zero_rate(economy)
    if not reuse or reinvestment_suffices(economy, belief):
        return _at_zero_rate(economy, belief)
    return _at_negative_rate(economy, lowest_price=economy.price_at(belief))


def price_curve(
    haircuts: Sequence[float],
    *,
    low_payoff: float,
    high_payoff: float,
    cash: float,
    securities: float,
    income_up: float,
    income_down: float,
    cdf: Callable[[float], float],
    quantile: Callable[[float], float],
    reuse: bool = True,
) -> list[ClosedForm]:
    """Equilibria of the same economy at several haircuts, in their order; see :func:`solve`."""
    return [
        solve(
            haircut=haircut,
            low_payoff=low_payoff,
            high_payoff=high_payoff,
            cash=cash,
            securities=securities,
            income_up=income_up,
            income_down=income_down,
            cdf=cdf,
            quantile=quantile,
            reuse=reuse,
        )
        for haircut in haircuts
    ]


def income_needed(
    solution: ClosedForm,
    *,
    haircut: float,
    low_payoff: float,
    high_payoff: float,
    cash: float,
    securities: float,
) -> IncomeNeeded:
    r"""Incomes at which margin alone constrains each side, at the quotes of ``solution``.

    A fully levered long holds :math:`\psi = W / (q (1-h))` and no cash.  In state U it is left with
    :math:`C_U = \omega_U + W - (e_1 - D_U) \psi`, a fully levered short in state D with
    :math:`C_D = \omega_D + W - (D_D - e_2) \theta`.  Neither is negative if

    .. math::

        \omega_U \ge \frac{W}{q} \frac{e_1 - D_U - (1-h) q}{1-h}, \qquad
        \omega_D \ge \frac{W}{q} \frac{D_D - e_2 - (1-h) q}{1-h},

    floored at zero.  At a zero rate :math:`e_1 = e_2 = q`, so these are
    :math:`(W/q)(h q - D_U)/(1-h)` and :math:`(W/q)(D_D - (2-h) q)/(1-h)`.

    The quotes themselves depend on which side is fully levered, so a bound is the exact need of
    the economy only if ``solution`` has that side constrained by margin (solve with ample income
    first); without a haircut no income suffices and both bounds are infinite.
    """
    if haircut == 0.0:
        return IncomeNeeded(math.inf, math.inf)
    price = solution.security_price
    wealth = cash + price * securities
    long_price = price * (1.0 + solution.repo_rate * (1.0 - haircut))
    short_price = price * (1.0 + solution.repo_rate * (1.0 + haircut))
    leverage = 1.0 / (price * haircut)
    return IncomeNeeded(
        income_up=max(0.0, wealth * ((long_price - low_payoff) * leverage - 1.0)),
        income_down=max(0.0, wealth * ((high_payoff - short_price) * leverage - 1.0)),
    )


def _at_zero_rate(economy: Continuum, belief: float) -> ClosedForm:
    price = economy.price_at(belief)
    share = float(economy.cdf(belief))
    per_margin = economy.per_margin(price)
    return ClosedForm(
        security_price=price,
        repo_rate=0.0,
        marginal_long=share,
        marginal_short=share if economy.reuse else 1.0,
        regime="I",
        longs_constrained_by=_constrained_by(
            per_margin >= economy.per_long_solvency(belief, price)
        ),
        shorts_constrained_by=_constrained_by(
            per_margin >= economy.per_short_solvency(belief, price)
        )
        if economy.reuse
        else "nobody",
    )


def _at_negative_rate(economy: Continuum, *, lowest_price: float) -> ClosedForm:
    haircut, spread = economy.haircut, economy.spread

    def discount(long_belief: float, short_belief: float) -> float:
        # -rho q, from e1 - e2 = -2 rho q (1-h).
        return spread * (short_belief - long_belief) / (2.0 * haircut)

    def price_gap(price: float) -> float:
        # q less [(2-h) e1 - h e2] / (2 (1-h)), written as q = e1 - rho q h.
        long_belief, _ = marginal_long(economy, price)
        short_belief, _ = marginal_short(economy, price)
        implied = economy.price_at(long_belief)
        implied += (1.0 - haircut) * discount(long_belief, short_belief)
        return price - implied

    if price_gap(lowest_price) >= 0.0:
        # Only rounding can bring us here: the economy sits on the border of regime I.
        price = lowest_price
    else:
        highest = economy.high_payoff + (1.0 - haircut) * spread / (2.0 * haircut)
        # Doubled because the bound itself may be met to rounding when hardly anybody is long.
        price = root(price_gap, lowest_price, 2.0 * highest)

    long_belief, long_margin = marginal_long(economy, price)
    short_belief, short_margin = marginal_short(economy, price)
    return ClosedForm(
        security_price=price,
        repo_rate=min(0.0, -discount(long_belief, short_belief) / price),
        marginal_long=float(economy.cdf(long_belief)),
        marginal_short=float(economy.cdf(short_belief)),
        regime="III" if long_margin and short_margin else "II",
        longs_constrained_by=_constrained_by(long_margin),
        shorts_constrained_by=_constrained_by(short_margin),
    )


def _constrained_by(margin: bool) -> str:
    return "margin" if margin else "solvency"
