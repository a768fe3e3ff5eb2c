"""Cohorts on a line of beliefs, whose members own cash and an asset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import mesa
import numpy as np

from agents.beliefs import Beliefs
from agents.cohort import Cohort, Orders, Placed, Population, one_or_each
from markets.market import Quotes, Terms
from markets.quote import FloatArray
from markets.refused import Refused


class Believing(TypedDict, total=False):
    """What a :class:`BelievingCohort` is made from, beside its model and its name."""

    beliefs: Beliefs | str | Sequence[float] | FloatArray
    members: int
    cash: float | Sequence[float] | FloatArray
    asset: float | Sequence[float] | FloatArray
    population: Population
    names: Sequence[str] | None


class BelievingCohort(Cohort[Terms, Quotes, Orders, Placed]):
    """Base of cohorts whose members differ in belief and endowment.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    name : str
        Name of the cohort in records.
    beliefs : Beliefs, str or sequence of float
        Probabilities of good news, see :class:`agents.beliefs.Beliefs`.
    members : int
        Number of members, at least 2 (that of the given beliefs if they are given one by one).
    cash, asset : float or array
        Endowment of each member, not negative; one number in a continuum.
    population : {"individuals", "continuum"}
        Whether members are single traders, or a mass spread smoothly over the line of beliefs.
    names : sequence of str, optional
        Names of the members, in the order of the other fields; tables then keep that order.

    Raises
    ------
    Refused
        If an endowment is negative, not finite or has the wrong length, if members of a continuum
        differ in it, if a belief lies outside (0, 1), or there are fewer than two members.

    Attributes
    ----------
    cash, asset : array of shape (members,) or (1,)
        Endowments in rising order of belief, or a single row if members are alike.
    endowed_cash, endowed_asset : float
        Their sums over all members.
    given : array of shape (members,)
        Place of each row in the order in which members were given.
    """

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        *,
        beliefs: Beliefs | str | Sequence[float] | FloatArray = "uniform",
        members: int = 10_000,
        cash: float | Sequence[float] | FloatArray = 1.0,
        asset: float | Sequence[float] | FloatArray = 1.0,
        population: Population = "individuals",
        names: Sequence[str] | None = None,
    ) -> None:
        self.population: Population = population
        self.beliefs = beliefs if isinstance(beliefs, Beliefs) else Beliefs(beliefs)
        if self.beliefs.values is not None:
            members = int(self.beliefs.values.size)
        if members < 2:
            raise Refused(f"members is {members}; a market needs at least two believers")
        super().__init__(model, name, members)
        self.cash = one_or_each("cash", cash, members)
        self.asset = one_or_each("asset", asset, members)
        self.names, self.given = names, np.arange(members)
        if population == "continuum":
            self.beliefs.refuse_ties()
            if max(self.cash.size, self.asset.size) > 1:
                raise Refused(
                    "cash and asset are one number each in a continuum; make a cohort of each kind"
                )
        elif self.beliefs.values is not None:
            order = self.given = self.beliefs.order(self.cash, self.asset)
            self.cash = self.cash if self.cash.size == 1 else self.cash[order]
            self.asset = self.asset if self.asset.size == 1 else self.asset[order]
        self.endowed_cash, self.endowed_asset = self.total(self.cash), self.total(self.asset)

    def lines(self) -> FloatArray:
        """Beliefs of single traders; the ends of the line on which a continuum lies."""
        if self.population == "continuum":
            return np.array([0.0, 1.0])
        return self.beliefs.members(self.members)
