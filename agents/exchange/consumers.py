r"""Consumers with a constant elasticity of substitution (CES).

Consumer :math:`i` owns :math:`e_i` and chooses :math:`x_i \ge 0` to maximise

.. math:: U_i(x) = \Big(\sum_k a_{ik}^{1/s_i} x_k^{(s_i - 1)/s_i}\Big)^{s_i / (s_i - 1)}
          \quad \text{subject to} \quad p \cdot x \le m_i = p \cdot e_i,

with weights :math:`a_{ik} \ge 0` and an elasticity of substitution :math:`s_i \ge 0`. It spends the
share :math:`b_{ik}` of its wealth on good :math:`k` and demands :math:`x_{ik}`,

.. math:: b_{ik} = \frac{a_{ik} p_k^{1 - s_i}}{\sum_l a_{il} p_l^{1 - s_i}}, \qquad
          x_{ik} = b_{ik} m_i / p_k.

In this convention weights are proportional to demand at equal prices, and both limits are exact in
the same formula: shares of expenditure at :math:`s = 1` (Cobb-Douglas, :math:`\prod_k x_k^{a_k}`),
and fixed proportions at :math:`s = 0` (Leontief, :math:`\min_k x_k / a_k`).

Source: Arrow, Chenery, Minhas and Solow, *Review of Economics and Statistics* 43 (1961).
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import mesa
import numpy as np
import pandas as pd

from agents.clearing_house import ClearingHouse
from agents.cohort import Cohort, rows_shown
from markets.quote import FloatArray
from markets.variable import Variable


class Primitives(NamedTuple):
    """Consumers, a row each, or a row for several who are alike.

    Attributes
    ----------
    weights, endowment : array of shape (consumers, goods)
        What they want, up to scale, and what they own, in units; at least 0.
    elasticity, members : array of shape (consumers,)
        Elasticity of substitution, at least 0; how many consumers the row stands for.
    """

    weights: FloatArray
    endowment: FloatArray
    elasticity: FloatArray
    members: FloatArray


class Consumers(Cohort[None, FloatArray]):
    """Consumers who maximise utility at the posted prices.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    goods, names : sequence of str
        Names of the goods (columns) and of the consumers (rows).
    primitives : Primitives
        What the consumers want and own.
    name : str
        Name of the cohort in records.
    """

    variables = (
        Variable("members", "consumers", "consumers that the row stands for"),
        Variable("weights[{instrument}]", "number", "weight of the good in utility"),
        Variable("endowment[{instrument}]", "units", "owned at the start, by each"),
        Variable("elasticity", "number", "elasticity of substitution"),
        Variable("holding[{instrument}]", "units", "held after trade, by each"),
    )

    def __init__(
        self,
        model: mesa.Model,
        goods: Sequence[str],
        names: Sequence[str],
        primitives: Primitives,
        name: str = "consumers",
    ) -> None:
        super().__init__(model, name, len(names))
        self.goods, self.names, self.primitives = goods, names, primitives
        self.owned, self.wanted = self._sum(primitives.endowment), self._sum(primitives.weights)
        self.holding = primitives.endowment

    def demand(self, prices: FloatArray) -> FloatArray:
        """What a consumer of each row wants, shape (consumers, goods)."""
        weights, endowment, elasticity, _ = self.primitives
        with np.errstate(divide="ignore"):  # of a good that is not wanted the share is exactly 0
            score = np.log(weights) + np.outer(1.0 - elasticity, np.log(prices))
        share = np.exp(score - score.max(axis=1, keepdims=True))
        return np.asarray(share * (endowment @ prices / share.sum(axis=1))[:, None] / prices)

    def respond(self, posted: FloatArray) -> FloatArray:
        """What all want and own, shape (2, goods)."""
        return np.stack([self._sum(self.demand(posted)), self.owned])

    def hold(self, posted: FloatArray, placed: None) -> None:
        """Hold what is wanted at the posted prices."""
        self.holding = self.demand(posted)

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives and holdings, one row per row of the cohort (about ``limit`` if given)."""
        weights, endowment, elasticity, members = self.primitives
        rows = rows_shown(self.members, limit, [])
        columns = {
            "cohort": self.name,
            "name": [self.names[row] for row in rows],
            "members": members[rows],
        }
        for what, amounts in (("weights", weights), ("endowment", endowment)):
            columns |= {f"{what}[{k}]": amounts[rows, j] for j, k in enumerate(self.goods)}
        columns["elasticity"] = elasticity[rows]
        columns |= {f"holding[{k}]": self.holding[rows, j] for j, k in enumerate(self.goods)}
        return pd.DataFrame(columns)

    def _sum(self, amounts: FloatArray) -> FloatArray:
        """Sum over all consumers, exactly rounded so that their order can't matter."""
        return np.array([math.fsum(k) for k in (self.primitives.members[:, None] * amounts).T])


class ExchangeHouse(ClearingHouse[None]):
    """The house that nets the orders of all cohorts."""

    def redundant(self, posted: FloatArray, book: FloatArray) -> Mapping[str, float]:
        """Value of the excess demand for the numeraire, over the value of what there is of it.

        By Walras' law it is minus the value of all other excess demands, which may be large though
        each is a tiny share of what there is of its good: where the numeraire is worth little.
        """
        wanted, owned = posted[0] * book[:, 0]
        return {"numeraire": float((wanted - owned) / owned)}
