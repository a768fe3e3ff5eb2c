r"""Coordinates of the repo market, and the places of longs and shorts on the ladder.

With the places :math:`c_1 \le c_2` (from the top of the ladder) of the marginal long and of the
marginal short, the traders between them hold only cash. Two systems of coordinates agree where
nobody is between them:

* *common*: :math:`u_2 = c_2 - c_1` is the share that holds only cash, and :math:`-u_1` the share of
  all others that is long, :math:`c_1 = -u_1 (1 - u_2)`. The second coordinate moves both sides
  alike.
* *thin*: :math:`-u_1 = c_1` is the share that is long, and :math:`u_2` the share of the others that
  holds only cash, :math:`1 - c_2 = (1 + u_1) (1 - u_2)`. The first coordinate moves the longs, the
  second the shorts alone.

The first coordinate rises with the price and ends at zero, where floating-point numbers are
densest: with small haircuts a few longs carry everything, and one trader's order can be many times
the supply.

Where the clearing house reinvests all its margin, shorts have to be a share
:math:`(1 - h)/(1 + (1 - h))` of the longs. If that is few, the longs alone decide whether the
security clears, and the shorts alone whether repo does: in common coordinates each market would
move with the coordinate of the other one.
"""

from __future__ import annotations

import numpy as np

from markets.quote import FloatArray


def places(coordinates: FloatArray, *, thin: bool) -> tuple[float, float]:
    """Places of the marginal long and of the marginal short."""
    long, between = -float(coordinates[0]), float(coordinates[1])
    if thin:
        return long, long + (1.0 - long) * between
    long_at = long * (1.0 - between)
    return long_at, long_at + between


def coordinates_of(long_at: float, short_at: float, *, thin: bool) -> FloatArray:
    """Coordinates of two places; the inverse of :func:`places`."""
    between = short_at - long_at
    if thin:
        return np.array([-long_at, between / (1.0 - long_at)])
    return np.array([-long_at / (1.0 - between), between])


def slopes(coordinates: FloatArray, *, thin: bool) -> FloatArray:
    """Derivative of both places (rows) with respect to both coordinates (columns)."""
    long, between = -float(coordinates[0]), float(coordinates[1])
    if thin:
        return np.array([[-1.0, 0.0], [between - 1.0, 1.0 - long]])
    return np.array([[between - 1.0, -long], [between - 1.0, 1.0 - long]])
