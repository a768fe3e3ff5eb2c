"""Investors one by one: given or drawn, or else all alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from agents.pledge.anticipation import Crowd
from agents.pledge.investors import Role
from markets.quote import FloatArray
from markets.refused import Refused
from simulator.data_file import DataFile
from simulator.population.given_cohort import Field, cohort_of, cohort_parameter
from simulator.population.table import Column

LEAST, MOST = 1e-6, 1e6
"""Range of parameters: far beyond it, products of several of them leave double precision."""

ROLES: tuple[Role, Role] = ("spot", "repo")

COLUMNS = (
    Column("access", "", "whether the investor may pledge in repo", choices=ROLES),
    Column("wealth", "securities", "wealth, half of it cash", 0.0, open_low=True),
    Column("risk_aversion", "", "relative risk aversion", 1.0, MOST, open_low=True),
)
"""What sets investors apart; a table of members may have these columns."""


def members_parameter() -> Any:
    """Declare the parameter ``members``."""
    return cohort_parameter(
        "investors",
        "access (spot or repo; unless given, the first rows are spot, spot_share of all); wealth"
        " (securities, half of it cash; an equal share of the parameter unless given);"
        " risk_aversion",
    )


@dataclass(frozen=True)
class Side:
    """Investors with or without access to repo.

    Attributes
    ----------
    members : int
        Their number.
    share : float
        Their share of all investors.
    wealth, risk_aversion : float or array of shape (members,)
        Of each member.
    names : sequence of str, optional
        Their names.
    """

    members: int
    share: float
    wealth: float | FloatArray
    risk_aversion: float | FloatArray
    names: Sequence[str] | None = None

    def total(self, amount: float | FloatArray) -> float:
        """Sum over the members."""
        return float(np.sum(np.broadcast_to(amount, self.members)))


@dataclass(frozen=True)
class Sides:
    """All investors: those without, and those with access to repo."""

    spot: Side
    repo: Side

    @property
    def crowd(self) -> Crowd:
        """What investors know about each other."""
        both = (self.spot, self.repo)
        wealth, other = (side.total(side.wealth) for side in both)
        tolerance, others = (side.total(side.wealth / side.risk_aversion) for side in both)
        return Crowd((wealth, other), (tolerance, others))

    @classmethod
    def alike(cls, investors: int, spot_share: float, wealth: float, risk_aversion: float) -> Sides:
        """Investors who differ in access only; a side that would be empty gets one."""
        spot = min(max(round(spot_share * investors), 1), investors - 1)
        counts, shares = (spot, investors - spot), (spot_share, 1.0 - spot_share)
        return cls(
            *(
                Side(count, share, wealth * share / count, risk_aversion)
                for count, share in zip(counts, shares, strict=True)
            )
        )

    @classmethod
    def given(
        cls,
        members: DataFile | dict[str, Field],
        spot_share: float,
        wealth: float,
        risk_aversion: float,
        rng: np.random.Generator,
    ) -> Sides:
        """Investors who are given or drawn, in their order on each side.

        Raises
        ------
        Refused
            If they can't be used, with row and column, or one side is empty.
        """

        def missing(count: int) -> dict[str, float | FloatArray]:
            access = (np.arange(count) >= round(spot_share * count)).astype(np.float64)
            return {"access": access, "wealth": wealth / count, "risk_aversion": risk_aversion}

        made = cohort_of(members, COLUMNS, missing, rng, "members")
        names = made.names or [str(number) for number in range(1, made.count + 1)]
        access, sides = made.each("access"), []
        for place, role in enumerate(ROLES):
            rows = np.flatnonzero(access == place)
            if not rows.size:
                raise Refused(f"members has no investor whose access is {role}; both must be there")
            wealths, aversions = (made.each(name)[rows] for name in ("wealth", "risk_aversion"))
            called = [names[row] for row in rows.tolist()]
            sides.append(Side(rows.size, rows.size / made.count, wealths, aversions, called))
        return cls(*sides)

    @classmethod
    def of(cls, agents: pd.DataFrame) -> Sides:
        """The investors that a table of agents shows."""
        first, sides = agents[agents["security"] == 0], []
        for role in ROLES:
            rows = first[first["role"] == role]
            wealth, aversion = (rows[name].to_numpy() for name in ("wealth", "risk_aversion"))
            sides.append(Side(len(rows), float(rows["mass"].sum()), wealth, aversion))
        return cls(*sides)
