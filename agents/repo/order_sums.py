r"""Orders of neighbouring rows added up: in NumPy, or compiled with numba.

With wealth :math:`W`, income :math:`\omega` and the two rates :math:`m` (1 over the margin that a
security takes, infinite without margin) and :math:`l` (1 over its loss in the bad state) a member
orders :math:`\min\{m W, l (\omega + W)\}`. Those whom solvency constrains,
:math:`l (\omega + W) < m W`, move with the quotes in another way than the others do; so they are
added up apart.

Both versions take the same steps, rows in blocks of :data:`BLOCK`. They differ in the order of
additions inside a block, by less than :data:`AGREEMENT`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from markets.quote import FloatArray
from markets.refused import Refused

BLOCK = 1 << 13
"""Rows at a time: intermediate arrays stay in cache, sums stay exact to a few digits of the last
place, and products are short enough (below 10,000) for OpenBLAS not to start threads that cost more
than they save."""

AGREEMENT = 1e-12
"""Largest difference of the two versions, as a share of the sum: a block's additions, rounded."""


class OrderSums(NamedTuple):
    """Sums over rows; *solvent* are those whom solvency constrains, *margined* the others."""

    total: float
    solvent_orders: float
    solvent_securities: float
    margined_cash: float


Summing = Callable[[FloatArray, FloatArray, FloatArray, float, float, float], OrderSums]


def order_sums(
    cash: FloatArray,
    securities: FloatArray,
    income: FloatArray,
    price: float,
    per_margin: float,
    per_loss: float,
) -> OrderSums:
    """Add up in NumPy: two arrays and a mask, written over block by block.

    Steps: wealth; what solvency allows; what margin allows; the smaller of the two. A sum over
    those whom solvency constrains is a product with ones and zeros.

    Parameters
    ----------
    cash, securities, income : array of shape (n,)
        Endowments at date 0, and the income in the state that is bad for the position.
    price : float
        Price of the security, less that at which ``cash`` is a member's whole wealth.
    per_margin, per_loss : float
        Securities that a unit of wealth carries by margin, and by solvency.
    """
    length = min(BLOCK, cash.size)
    order_rows, other_rows = np.empty(length), np.empty(length)
    solvent_rows = np.ones(length, dtype=np.bool_)
    total = solvent_orders = solvent_securities = margined_cash = 0.0
    for low in range(0, cash.size, BLOCK):
        own, held = cash[low : low + BLOCK], securities[low : low + BLOCK]
        count = own.size
        order, other, solvent = order_rows[:count], other_rows[:count], solvent_rows[:count]
        np.multiply(held, price, out=other)
        other += own
        np.add(other, income[low : low + BLOCK], out=order)
        order *= per_loss
        if per_margin < np.inf:
            other *= per_margin
            np.less(order, other, out=solvent)
            np.minimum(order, other, out=other)
            total += float(np.add.reduce(other))
        else:
            total += float(np.add.reduce(order))
        weight = other
        np.copyto(weight, solvent)
        solvent_orders += float(weight @ order)
        solvent_securities += float(weight @ held)
        if not solvent.all():  # where nobody is margined, rounding must not say otherwise
            margined_cash += float(np.add.reduce(own)) - float(weight @ own)
    return OrderSums(total, solvent_orders, solvent_securities, margined_cash)


@functools.cache
def compiled_order_sums() -> Summing:
    """Return :func:`order_sums` as one compiled pass over the rows (needs numba).

    Raises
    ------
    Refused
        If numba is not installed.
    """
    try:
        import numba
    except ImportError as missing:
        raise Refused(
            'compiled is True; that needs numba, which comes with the extra "fast"'
        ) from missing
    # additions may change places inside a block, so that several rows are added at once
    one_block = numba.njit(fastmath={"reassoc", "nsz", "contract"})(_one_block)

    def all_blocks(
        cash: FloatArray,
        securities: FloatArray,
        income: FloatArray,
        price: float,
        per_margin: float,
        per_loss: float,
    ) -> tuple[float, float, float, float]:
        total = solvent_orders = solvent_securities = margined_cash = 0.0
        for low in range(0, cash.size, BLOCK):
            rows = slice(low, low + BLOCK)
            sums = one_block(
                cash[rows], securities[rows], income[rows], price, per_margin, per_loss
            )
            total += sums[0]
            solvent_orders += sums[1]
            solvent_securities += sums[2]
            margined_cash += sums[3]
        return total, solvent_orders, solvent_securities, margined_cash

    compiled = numba.njit(all_blocks)

    def summing(
        cash: FloatArray,
        securities: FloatArray,
        income: FloatArray,
        price: float,
        per_margin: float,
        per_loss: float,
    ) -> OrderSums:
        return OrderSums(*compiled(cash, securities, income, price, per_margin, per_loss))

    return summing


def _one_block(
    cash: FloatArray,
    securities: FloatArray,
    income: FloatArray,
    price: float,
    per_margin: float,
    per_loss: float,
) -> tuple[float, float, float, float]:
    """Return the sums of a block row by row, in what numba understands."""
    no_margin = per_margin == np.inf
    total = solvent_orders = solvent_securities = margined_cash = 0.0
    for row in range(cash.size):
        wealth = cash[row] + price * securities[row]
        order, most = per_loss * (income[row] + wealth), per_margin * wealth
        solvent = no_margin or order < most
        total += order if solvent else most
        solvent_orders += order if solvent else 0.0
        solvent_securities += securities[row] if solvent else 0.0
        margined_cash += 0.0 if solvent else cash[row]
    return total, solvent_orders, solvent_securities, margined_cash
