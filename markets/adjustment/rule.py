r"""Rules that move quotes.

A rule receives, round by round, how far each market is from clearing, and answers with the next
quotes to post (ask and tell: the round owns the loop, the rule owns nothing but numbers). Settings
are frozen; what changes lives in a separate state.

The problem every rule solves is a mixed complementarity problem in coordinates
:math:`u \in [l, b]`: find :math:`u` such that for every :math:`j` the excess demand
:math:`z_j(u)` is zero, or :math:`u_j` rests at an attained limit and :math:`z_j` pushes outward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from markets.quote import Excess, FloatArray, Limits

SHARE_TOLERANCE = 1e-10
"""Largest excess demand, as a share of what is traded, of a market that has cleared."""

STEP_TOLERANCE = 1e-9
"""Largest distance, in coordinates, that a settled rule still wants to move its quotes."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """State that every rule has: where it is and how far it is from settling.

    Attributes
    ----------
    coordinates
        The coordinates to post next, shape ``(n,)``.
    moved
        How far the last adjustment moved each coordinate, shape ``(n,)``; a market that measures
        its own depth measures it over this distance.
    limits
        The box of the coordinates.
    share
        Largest share of excess demand that pushes inward, of the last round.
    step
        Largest move that the rule wanted in the last round, before any safeguard.
    settled
        Whether both were small in the last round.
    """

    coordinates: FloatArray
    moved: FloatArray
    limits: Limits
    share: float = np.inf
    step: float = np.inf
    settled: bool = False


class Adjuster(Protocol):
    """A rule that moves quotes."""

    @property
    def share_tolerance(self) -> float:
        """Largest excess demand, as a share of what is traded, of a market that has cleared."""
        ...

    def asks_depth(self, state: Adjustment) -> bool:
        """Whether the next answer needs the depth of the market."""
        ...

    def start(self, coordinates: FloatArray, limits: Limits) -> Adjustment:
        """Begin at ``coordinates`` inside ``limits``."""
        ...

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> Adjustment:
        """Answer one round.

        Parameters
        ----------
        state : Adjustment
            The state whose coordinates were posted.
        excess : Excess
            What the orders said at those quotes.
        depth : array of shape (n, n), optional
            Derivative of each residual (row) with respect to each coordinate (column), if asked
            for.
        """
        ...


def inward_share(limits: Limits, coordinates: FloatArray, excess: Excess) -> float:
    """Largest share of excess demand not excused by an attained limit, or the traders' unrest."""
    held = limits.held(coordinates, excess.share)
    return max(float(np.max(np.abs(np.where(held, 0.0, excess.share)), initial=0.0)), excess.unrest)


def short_of_limits(
    limits: Limits, here: FloatArray, step: FloatArray, share: float = 0.9
) -> FloatArray:
    """Shorten a step so that it goes at most a share of the way to limits that can't be attained.

    Parameters
    ----------
    limits : Limits
        The box.
    here, step : array of shape (n,)
        Where the step begins, and the step.
    share : float
        Largest share of the way to such a limit.
    """
    room = np.where(step < 0.0, here - limits.lower, limits.upper - here)
    attained = np.where(step < 0.0, limits.lower_attained, limits.upper_attained)
    reach = np.where(attained, np.inf, share * room)
    over = np.abs(step) > reach
    if not np.any(over):
        return step
    return step * float(np.min(reach[over] / np.abs(step[over])))
