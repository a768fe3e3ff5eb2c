r"""Believers on any number of states, as individuals who tremble.

Trader i gives state s the probability :math:`\pi_{is}`, weights consumption after the news by its
patience :math:`\delta_i` if consumption now is worth anything to it, owns cash :math:`e_i` and
:math:`a_i` of the asset, and chooses consumption now :math:`x_0`, cash stored :math:`x`, the asset
:math:`a`, and promises bought :math:`b_j` and issued :math:`s_j` to

.. math:: \max\; x_0 + \delta_i \sum_s \pi_{is} \Bigl[ x + a v_s + \sum_j (b_j - s_j) R_{js} \Bigr],
          \quad x_0 + x + p\,a + \sum_j q_j (b_j - s_j) \le e_i + p\,a_i,
          \quad \sum_j s_j C_j \le (x, a),

all at least 0. It answers posted quotes as in :mod:`agents.promises.trembling`.

Sources: Brunnermeier, Eisenbach and Sannikov (survey), section 3.3, after Geanakoplos (1997, 2003);
trembling is ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import mesa
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.cohort import Cohort, in_given_order, one_or_each, rows_shown
from agents.promises.believers import VARIABLES
from agents.promises.trembling import StateVentures, answers, spread
from markets.promises.state_menu import StateMenu
from markets.promises.state_quotes import StateBook, StateQuotes
from markets.quote import FloatArray
from markets.refused import Refused

SUMS = 1e-9
"""How far the probabilities of a trader may be from adding up to 1."""


class StateBelievers(Cohort[StateMenu, StateQuotes, StateBook]):
    """A cohort of single traders who differ in beliefs, endowments and patience.

    Parameters
    ----------
    model : mesa.Model
        The economy; its market is a :class:`markets.promises.state_market.StateMarket`.
    name : str
        Name of the cohort in records.
    chances : array of shape (n, S)
        Probability that each member gives each state.
    cash, asset : float or array
        Endowment of each member, not negative.
    patience : float or array, optional
        Weight of consumption after the news; None if consumption now is worth nothing.
    names : sequence of str, optional
        Names of the members, for the table.
    given : array of shape (n,), optional
        Place of each named member among the names, the order of the table; as they are if not.

    Raises
    ------
    Refused
        If there are fewer than two members, a row of probabilities is none, or an endowment is
        negative, not finite or has the wrong length.
    """

    variables = VARIABLES

    def __init__(
        self,
        model: mesa.Model,
        name: str = "believers",
        *,
        chances: FloatArray,
        cash: float | Sequence[float] | FloatArray = 1.0,
        asset: float | Sequence[float] | FloatArray = 1.0,
        patience: float | Sequence[float] | FloatArray | None = None,
        names: Sequence[str] | None = None,
        given: NDArray[np.int64] | None = None,
    ) -> None:
        chances = np.asarray(chances, dtype=np.float64)
        if chances.ndim != 2 or len(chances) < 2:
            raise Refused(
                "beliefs must have a row of probabilities for each of at least two traders"
            )
        wrong = np.flatnonzero(
            ~((chances >= 0.0).all(axis=1) & (np.abs(chances.sum(axis=1) - 1.0) <= SUMS))
        )
        if wrong.size:
            row = chances[wrong[0]].tolist()
            raise Refused(f"beliefs contains {row}; probabilities are not negative and add up to 1")
        super().__init__(model, name, len(chances))
        self.chances = chances
        self.names = names
        self.given = np.arange(self.members) if given is None else given
        self.cash = np.broadcast_to(one_or_each("cash", cash, self.members), self.members)
        self.asset = np.broadcast_to(one_or_each("asset", asset, self.members), self.members)
        self.now = patience is not None
        weight = one_or_each("patience", 1.0 if patience is None else patience, self.members)
        self.patience = np.broadcast_to(weight, self.members)
        if not (self.patience > 0.0).all():
            raise Refused(f"patience is {self.patience.min()}; it must be positive")
        self.weights = np.column_stack(
            [np.full(self.members, float(self.now)), self.patience[:, None] * chances]
        )
        self.endowed_cash, self.endowed_asset = float(self.cash.sum()), float(self.asset.sum())
        self.posted: StateQuotes | None = None

    def respond(self, posted: StateQuotes) -> StateBook:
        """Orders of all members, added up, and how they answer a change of quotes (pure)."""
        ventures = StateVentures.of(posted.menu, now=self.now)
        cost = ventures.units @ posted.prices
        weights, cash, asset = self._traders(ventures, cost)
        wealth = cash + posted.asset_price * asset
        returns = weights @ ventures.payoff.T / cost
        shares, multiplier = spread(returns, posted.tremble)
        spent = wealth @ shares
        held = spent / cost
        by_cost, by_tremble = answers(shares, returns, multiplier, wealth, posted.tremble)
        priced = ventures.units[:, 1:]
        slope = by_cost @ (priced / cost[:, None])
        slope[:, 0] += asset @ shares
        slope = slope / cost[:, None] - (spent / cost**2)[:, None] * priced
        slope = np.column_stack([slope, by_tremble / cost])
        return StateBook(
            cash=float(ventures.units[:, 0] @ held),
            asset=float(ventures.units[:, 1] @ held),
            bought=held[ventures.bought],
            sold=held[ventures.sold],
            endowed_cash=self.endowed_cash,
            endowed_asset=self.endowed_asset,
            slope=np.vstack(
                [ventures.units[:, 1] @ slope, slope[ventures.bought], slope[ventures.sold]]
            ),
        )

    def _traders(
        self, ventures: StateVentures, cost: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Utilities, cash and assets of who orders, one row each; the members."""
        return self.weights, self.cash, self.asset

    def exposures(self, posted: StateQuotes, limit: int) -> pd.DataFrame:
        """What a unit of wealth pays in the first state minus the last, along the members (pure).

        Columns: ``belief``, the probability of the first state, and ``exposure``.
        """
        shown = np.linspace(0, self.members - 1, min(limit, self.members)).astype(np.int64)
        return pd.DataFrame(
            {"belief": self.chances[shown, 0], "exposure": self._exposure(posted, shown)}
        )

    def marginal(self, posted: StateQuotes) -> tuple[float, float]:
        """Least probability of the first state among the long, largest among the short.

        Those are long, or short, who gain at least half as much in the first, or the last, state as
        the most exposed trader; 1 and 0 where there are none.
        """
        exposure = self._exposure(posted, np.arange(self.members, dtype=np.int64))
        first = self.chances[:, 0]
        low = np.min(first[exposure > 0.5 * exposure.max()], initial=1.0)
        short = exposure < 0.5 * min(float(exposure.min()), -(posted.tremble**0.5))
        return float(low), float(np.max(first[short], initial=0.0))

    def _exposure(self, posted: StateQuotes, rows: NDArray[np.int64]) -> FloatArray:
        ventures = StateVentures.of(posted.menu, now=self.now)
        cost = ventures.units @ posted.prices
        returns = self.weights[rows] @ ventures.payoff.T / cost
        gain = (ventures.payoff[:, 1] - ventures.payoff[:, -1]) / cost
        return np.asarray(spread(returns, posted.tremble)[0] @ gain)

    def hold(self, posted: StateQuotes, placed: None) -> None:
        """Take the positions that the orders at the posted quotes amount to."""
        self.posted = posted

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives and holdings, one row per member (about ``limit`` of them if given)."""
        posted = self.posted
        if posted is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        menu, rows = posted.menu, rows_shown(self.members, limit, [])
        ventures = StateVentures.of(menu, now=self.now)
        cost = ventures.units @ posted.prices
        cash, asset = self.cash[rows], self.asset[rows]
        returns = self.weights[rows] @ ventures.payoff.T / cost
        wealth = cash + posted.asset_price * asset
        held = wealth[:, None] * spread(returns, posted.tremble)[0] / cost
        consumed = held[:, 0] if self.now else np.zeros(rows.size)
        bought, sold = held[:, ventures.bought], held[:, ventures.sold]
        first = self.chances[rows, 0]
        later = {f"belief_{s}": self.chances[rows, k] for k, s in enumerate(menu.states)}
        shown = pd.DataFrame(
            {
                "cohort": self.name,
                "member": rows,
                "weight": 1.0,
                "belief": first,
                "belief_low": first,
                "belief_high": first,
                **(later if len(later) > 2 else {}),
                **({"patience": self.patience[rows]} if self.now else {}),
                "endowed_cash": cash,
                "endowed_asset": asset,
                "consumed": consumed,
                "cash": held @ ventures.units[:, 0] - consumed,
                "asset": held @ ventures.units[:, 1],
                **{f"bought_{n}": bought[:, j] for j, n in enumerate(menu.names)},
                **{f"sold_{n}": sold[:, j] for j, n in enumerate(menu.names)},
            }
        )
        return shown if self.names is None else in_given_order(shown, self.names, self.given[rows])
