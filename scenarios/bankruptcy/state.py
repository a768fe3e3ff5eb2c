"""A resting point as arrays, read from quotes and the table of members alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from markets.bankruptcy.instruments import BondAndEquities, numbered
from markets.quote import FloatArray
from simulator.point import RestingPoint


@dataclass(frozen=True, slots=True)
class State:
    r"""Quotes, primitives and choices; N members, S states, J equities.

    Attributes
    ----------
    probabilities, payoffs : arrays of shape (S,) and (S, J)
        :math:`\rho` and :math:`Y`.
    short_limit : float
        :math:`\kappa`.
    bond_price : float
        :math:`q_b`.
    equity_prices, rates : arrays of shape (J,) and (S,)
        :math:`q_e` and :math:`r`.
    cohort, quadratic : arrays of shape (N,)
        Name of each member's cohort, and whether its utility is quadratic at date 1.
    first, second : arrays of shape (N,)
        Parameters of its utility: :math:`a_0, a_1`, or risk aversion and patience.
    endowed_now, endowed_later, endowed_equities : arrays of shape (N,), (N, S) and (N, J)
        :math:`w_0`, :math:`w_1` and :math:`\delta`.
    bond, equities : arrays of shape (N,) and (N, J)
        :math:`z^+ - z^-` and :math:`z_e`.
    now, later : arrays of shape (N,) and (N, S)
        :math:`x_0` and :math:`x_1`.
    quadratic_now : array of shape (N,), or one for all
        Whether utility is quadratic at date 0 too.
    """

    probabilities: FloatArray
    payoffs: FloatArray
    short_limit: float
    bond_price: float
    equity_prices: FloatArray
    rates: FloatArray
    cohort: NDArray[np.object_]
    quadratic: NDArray[np.bool_]
    first: FloatArray
    second: FloatArray
    endowed_now: FloatArray
    endowed_later: FloatArray
    endowed_equities: FloatArray
    bond: FloatArray
    equities: FloatArray
    now: FloatArray
    later: FloatArray
    quadratic_now: NDArray[np.bool_] | bool = False

    @property
    def lent(self) -> FloatArray:
        """:math:`z^+`."""
        return np.maximum(self.bond, 0.0)

    @property
    def promised(self) -> FloatArray:
        """:math:`z^-`."""
        return np.maximum(-self.bond, 0.0)

    @property
    def members(self) -> int:
        """N."""
        return int(self.bond.size)

    @property
    def promises(self) -> float:
        r"""All bonds sold, :math:`\sum_i z_i^-`."""
        return float(np.sum(self.promised))

    @property
    def resources(self) -> FloatArray:
        r"""What can be seized of each member, :math:`w_s + Y_s(\delta + z_e)`."""
        owned = self.endowed_equities + self.equities
        return np.asarray(self.endowed_later + owned @ self.payoffs.T)

    @property
    def paid(self) -> FloatArray:
        """What each member pays on its promises in each state: all, or all that it has."""
        return np.minimum(self.promised[:, None], self.resources)

    @property
    def unpromised(self) -> FloatArray:
        """Repayment rates where nobody borrows: one, equation (4)."""
        return np.ones_like(self.rates)

    @property
    def goods(self) -> FloatArray:
        r"""All goods of each state, :math:`\sum_i w_{is} + Y_s \delta_i`."""
        each = self.endowed_later + self.endowed_equities @ self.payoffs.T
        return np.asarray(np.sum(each, axis=0))

    def marginal_now(self) -> FloatArray:
        """Marginal utility of consumption at date 0."""
        missing = np.where(self.quadratic_now, self.second - self.now, 1.0)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.where(self.quadratic, self.first * missing, np.exp(-self.first * self.now))

    def marginal_later(self) -> FloatArray:
        """Marginal utility of consumption at date 1, without probabilities."""
        first, second = self.first[:, None], self.second[:, None]
        with np.errstate(over="ignore", invalid="ignore"):
            return np.where(
                self.quadratic[:, None],
                second - self.later,
                second * np.exp(-first * self.later),
            )


def read(instruments: BondAndEquities, short_limit: float, point: RestingPoint) -> State:
    """Read a state from a resting point."""
    table, quotes = point.agents, point.quotes
    states, equities = instruments.state_names, instruments.equity_names
    quadratic_now = (table["utility"] == "quadratic at both dates").to_numpy()
    quadratic = (table["utility"] == "quadratic").to_numpy() | quadratic_now
    return State(
        probabilities=np.asarray(instruments.probabilities),
        payoffs=np.asarray(instruments.payoffs),
        short_limit=short_limit,
        bond_price=quotes["bond_price"],
        equity_prices=_several(quotes, "equity_price", equities),
        rates=_several(quotes, "repayment_rate", states),
        cohort=table["cohort"].to_numpy(dtype=object),
        quadratic=quadratic,
        first=_either(table, quadratic, "weight", "risk_aversion"),
        second=_either(table, quadratic, "satiation", "patience"),
        endowed_now=table["endowed_now"].to_numpy(),
        endowed_later=columns(table, "endowed_later", states),
        endowed_equities=columns(table, "endowed_equity", equities),
        bond=table["bond"].to_numpy(),
        equities=columns(table, "equity", equities),
        now=table["consumption_now"].to_numpy(),
        later=columns(table, "consumption_later", states),
        quadratic_now=quadratic_now,
    )


def _several(quotes: Mapping[str, float], what: str, names: tuple[str, ...]) -> FloatArray:
    return np.array([quotes[numbered(what, name)] for name in names], dtype=np.float64)


def columns(table: pd.DataFrame, what: str, names: tuple[str, ...]) -> FloatArray:
    """Columns of a table that have one name and numbers, as one array."""
    each = [table[numbered(what, name)].to_numpy() for name in names]
    return np.column_stack(each) if each else np.zeros((len(table), 0))


def _either(table: pd.DataFrame, quadratic: NDArray[np.bool_], one: str, other: str) -> FloatArray:
    blank = np.full(len(table), np.nan)
    of = {name: table[name].to_numpy() if name in table else blank for name in (one, other)}
    return np.where(quadratic, of[one], of[other])
