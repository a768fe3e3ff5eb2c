r"""Where nobody trades the security: between which prices nobody would want to.

At a zero repo rate a trader who expects more than the price goes long with
:math:`\min\{W / (q (1-h)), (\omega_U + W) / (q - D_U)\}`. That is just what it owns, at any price,
if :math:`\omega_U + e_x + D_U e_y = 0`: it could lose nothing in state U. Or it has no wealth to
post as margin. Everybody else would buy below what it expects. Whoever has a position to give up or
means to be short would sell above what it expects. So nobody trades from the highest expectation of
those who could buy to the lowest of those who could sell.

Source: the best response of Bottazzi, Pascoa and Ramirez (slides), trader's problem; the interval
is our extension.
"""

from __future__ import annotations

import numpy as np

from scenarios.repo.holdings import Holdings
from scenarios.repo.program import BoolArray


def untraded_prices(held: Holdings) -> tuple[float, float]:
    """Lowest and highest price at which nobody wants to trade; of traders one by one.

    The price is above zero: where nobody could buy, zero is the end that it may come close to.

    Parameters
    ----------
    held : Holdings
        Traders who all keep their endowments.
    """
    programs = held.programs
    expected = programs.low_payoff + (1.0 - programs.belief) * (
        programs.high_payoff - programs.low_payoff
    )
    buyers, sellers = _could_buy(held), _could_sell(held)
    return (
        float(np.max(expected[buyers], initial=0.0)),
        float(np.min(expected[sellers], initial=np.inf)),
    )


def _owns(held: Holdings) -> BoolArray:
    return np.asarray(held.programs.endowed_cash + held.programs.endowed_securities > 0.0)


def _could_buy(held: Holdings) -> BoolArray:
    """Traders with margin to post and something that they could lose in state U."""
    programs = held.programs
    to_lose = (
        programs.income_up
        + programs.endowed_cash
        + programs.low_payoff * programs.endowed_securities
    )
    return np.asarray((to_lose > 0.0) & (_owns(held) | (programs.haircut == 0.0)))


def _could_sell(held: Holdings) -> BoolArray:
    """Traders with a security to sell, or who could be short."""
    programs = held.programs
    short = _owns(held) | ((programs.haircut == 0.0) & (programs.income_down > 0.0))
    return np.asarray((programs.endowed_securities > 0.0) | (short & programs.reuse))
