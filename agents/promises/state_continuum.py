r"""A continuum of trembling believers in good and bad news.

Orders of a mass of traders are an integral over the line of beliefs. Each trader's shares change
fast only where two ventures return about the same: there, within a distance of the order of the
tremble. The integral is taken by Gauss-Legendre rules on cells that shrink by halves towards these
beliefs, in quantiles, so that all traders count alike.
"""

from __future__ import annotations

from typing import Final

import mesa
import numpy as np
import pandas as pd

from agents.beliefs import Beliefs
from agents.promises.state_believers import StateBelievers
from agents.promises.trembling import StateVentures, spread
from markets.promises.state_quotes import StateQuotes
from markets.quote import FloatArray

HALVINGS: Final = 20
"""Halvings of cells towards a kink; the smallest holds 10^-6 of all traders."""

NEAR: Final = 0.02
"""Relative distance from the best return at which a crossing of two returns still counts."""

POINTS, MASSES = np.polynomial.legendre.leggauss(6)
"""Gauss-Legendre rule on [-1, 1]."""


class StateContinuum(StateBelievers):
    """A cohort that is a mass of traders on the line of beliefs in good news, all owning the same.

    Parameters
    ----------
    model : mesa.Model
        The economy; its menu has two states.
    name : str
        Name of the cohort in records.
    beliefs : Beliefs
        Distribution of the probability of good news.
    members : int
        Mass of traders.
    cash, asset : float
        Endowment of each.
    """

    def __init__(
        self,
        model: mesa.Model,
        name: str = "believers",
        *,
        beliefs: Beliefs,
        members: int,
        cash: float,
        asset: float,
    ) -> None:
        ends = np.array([[1.0, 0.0], [0.0, 1.0]])
        super().__init__(model, name, chances=ends, cash=cash, asset=asset)
        self.beliefs, self.members = beliefs, members
        self.each = cash, asset
        self.endowed_cash, self.endowed_asset = members * cash, members * asset

    def _traders(
        self, ventures: StateVentures, cost: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Utilities, cash and assets at the points of the rule."""
        belief, mass, _ = self._points(ventures, cost)
        weights = np.column_stack([np.zeros(belief.size), belief, 1.0 - belief])
        return weights, mass * self.each[0], mass * self.each[1]

    def _points(
        self, ventures: StateVentures, cost: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Beliefs at the points, the mass of traders of each, and the cells' ends as quantiles."""
        good, bad = (ventures.payoff[:, 1:] / cost[:, None]).T
        rise = (good - bad)[:, None] - (good - bad)[None, :]
        gap = bad[None, :] - bad[:, None]
        crossing = np.divide(gap, rise, out=np.full_like(gap, -1.0), where=rise != 0.0)
        first, _ = np.nonzero((crossing > 0.0) & (crossing < 1.0))
        at = crossing[(crossing > 0.0) & (crossing < 1.0)]
        best = np.max(np.outer(at, good) + np.outer(1.0 - at, bad), axis=1, initial=0.0)
        own = at * good[first] + (1.0 - at) * bad[first]
        kinks = np.unique(at[own >= (1.0 - NEAR) * best])
        # quantiles of a distribution that begins or ends flatly bend sharply at its ends
        shares = np.concatenate([[0.0], self.beliefs.below(kinks), [1.0]])
        reach = 0.5 ** np.arange(HALVINGS + 1)
        around = shares[:, None] + np.concatenate([-reach, [0.0], reach])
        cells = np.unique(np.clip(np.append(around.ravel(), [0.0, 0.25, 0.5, 0.75, 1.0]), 0.0, 1.0))
        length = np.diff(cells)
        quantile = (cells[:-1] + 0.5 * length)[:, None] + 0.5 * length[:, None] * POINTS
        mass = self.members * 0.5 * length[:, None] * MASSES
        belief = self.beliefs.quantile(quantile.ravel())
        return (
            belief,
            mass.ravel(),
            np.repeat(np.stack([cells[:-1], cells[1:]], axis=1), POINTS.size, axis=0),
        )

    def exposures(self, posted: StateQuotes, limit: int) -> pd.DataFrame:
        """Payoff per wealth after good news minus after bad news, along the line (pure)."""
        belief = self.beliefs.members(limit)
        return pd.DataFrame({"belief": belief, "exposure": self._gain(posted, belief)})

    def marginal(self, posted: StateQuotes) -> tuple[float, float]:
        """Least belief among the long, largest among the short, see ``StateBelievers``."""
        belief = self.beliefs.members(2_000)
        gain = self._gain(posted, belief)
        low = np.min(belief[gain > 0.5 * gain.max()], initial=1.0)
        short = gain < 0.5 * min(float(gain.min()), -(posted.tremble**0.5))
        return float(low), float(np.max(belief[short], initial=0.0))

    def _gain(self, posted: StateQuotes, belief: FloatArray) -> FloatArray:
        ventures = StateVentures.of(posted.menu, now=False)
        cost = ventures.units @ posted.prices
        good, bad = (ventures.payoff[:, 1:] / cost[:, None]).T
        returns = np.outer(belief, good) + np.outer(1.0 - belief, bad)
        return np.asarray(spread(returns, posted.tremble)[0] @ (good - bad))

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives and holdings at the points of the rule, with their mass as ``weight``."""
        posted = self.posted
        if posted is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        menu = posted.menu
        ventures = StateVentures.of(menu, now=False)
        cost = ventures.units @ posted.prices
        belief, mass, cells = self._points(ventures, cost)
        returns = np.outer(belief, ventures.payoff[:, 1]) + np.outer(
            1.0 - belief, ventures.payoff[:, 2]
        )
        cash, asset = self.each
        held = (
            (cash + posted.asset_price * asset) * spread(returns / cost, posted.tremble)[0] / cost
        )
        return pd.DataFrame(
            {
                "cohort": self.name,
                "member": np.arange(belief.size),
                "weight": mass,
                "belief": belief,
                "belief_low": self.beliefs.quantile(cells[:, 0]),
                "belief_high": self.beliefs.quantile(cells[:, 1]),
                "endowed_cash": cash,
                "endowed_asset": asset,
                "consumed": 0.0,
                "cash": held @ ventures.units[:, 0],
                "asset": held @ ventures.units[:, 1],
                **{f"bought_{n}": held[:, ventures.bought][:, j] for j, n in enumerate(menu.names)},
                **{f"sold_{n}": held[:, ventures.sold][:, j] for j, n in enumerate(menu.names)},
            }
        )
