"""Customers and experts one by one: given or drawn, or else two groups and one expert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from markets.quote import FloatArray
from markets.refused import Refused
from simulator.data_file import DataFile
from simulator.population.given_cohort import Field, cohort_of, cohort_parameter
from simulator.population.members import Population
from simulator.population.table import Column

Given = DataFile | dict[str, Field] | None

RISK_AVERSION = Column("risk_aversion", "per cash", "absolute risk aversion", 0.0, open_low=True)


def customers_parameter(exposure: str = "exposure") -> Any:
    """Declare the parameter ``customers``."""
    return cohort_parameter(
        "groups of customers",
        f"{exposure} (assets that the group wants to sell at the fundamental value; an equal share"
        " of all that customers bring unless given); risk_aversion (per cash)",
    )


def experts_parameter(cash: str = "cash at the first date", endowment: str = "endowment") -> Any:
    """Declare the parameter ``experts``."""
    held = f"; {endowment} (assets at the start of each date)" if endowment else ""
    return cohort_parameter(
        "experts",
        f"cash ({cash}, below 0 a debt; later changes of the experts' wealth are shared equally)"
        f"{held}. A column that is missing takes an equal share of the parameter",
    )


@dataclass(frozen=True)
class Traders:
    """Members of both cohorts at the first date.

    Attributes
    ----------
    exposure : array of shape (customers, assets)
        z, what each group wants to sell at the fundamental value.
    risk_aversion : array of shape (customers,)
        gamma, per cash.
    cash : array of shape (experts,)
        eta.
    endowment : array of shape (experts, assets)
        x0.
    customer_names, expert_names : sequence of str, optional
        Names, if they were given.
    """

    exposure: FloatArray
    risk_aversion: FloatArray
    cash: FloatArray
    endowment: FloatArray
    customer_names: Sequence[str] | None = None
    expert_names: Sequence[str] | None = None

    @classmethod
    def of(cls, agents: pd.DataFrame) -> Traders:
        """Read from the table of agents at a resting point."""
        customers, experts = (
            agents[agents["cohort"] == cohort].sort_values(["member", "asset"], kind="stable")
            for cohort in ("customers", "experts")
        )
        assets = int(agents["asset"].max()) + 1

        def column(rows: pd.DataFrame, name: str) -> FloatArray:
            return rows[name].to_numpy(dtype=np.float64).reshape(-1, assets)

        return cls(
            exposure=column(customers, "exposure"),
            risk_aversion=column(customers, "risk_aversion")[:, 0],
            cash=column(experts, "endowed_cash")[:, 0],
            endowment=column(experts, "endowed_assets"),
        )

    @property
    def supply(self) -> FloatArray:
        """Z, assets that all customers want to sell at the fundamental value, by asset."""
        return np.asarray(self.exposure.sum(axis=0))

    def appetite(self, volatility: FloatArray) -> FloatArray:
        """s, assets that customers keep for each unit of cash by which the price falls."""
        return np.asarray(np.sum(1.0 / self.risk_aversion) / volatility**2)

    def pooled(self, low: FloatArray, high: FloatArray, lost: float = 0.0) -> FloatArray | None:
        """Endowments of one expert who stands for all, shape (assets,), and its cash, last.

        Experts without wealth hold nothing, so that one can stand for several only if all have some
        at every price between ``low`` and ``high``, even after losing ``lost`` cash each. None
        where that is not so.
        """
        if self.cash.size > 1:
            worst = np.minimum(self.endowment * low, self.endowment * high).sum(axis=1)
            if np.any(self.cash - lost + worst < 0.0):
                return None
        return np.append(self.endowment.sum(axis=0), np.sum(self.cash))

    def refuse_no_wealth(self, fundamental: FloatArray) -> None:
        """Refuse experts who together start below zero."""
        wealth = float(np.sum(self.cash + self.endowment @ fundamental))
        if wealth < 0.0:
            raise Refused(
                f"experts start with {wealth:.6g} at fundamental values; it must be at least 0"
            )


def make_traders(
    customers: Given,
    experts: Given,
    *,
    supply: FloatArray,
    risk_aversion: float,
    cash: float,
    endowment: FloatArray,
    assets: Sequence[str] | None = None,
    holds: bool = True,
    rng: np.random.Generator,
) -> Traders:
    """Customers and experts as they are given or drawn; else two groups and one expert.

    Parameters
    ----------
    customers, experts
        The parameters; None for two groups, the first of which brings everything, and one expert.
    supply, risk_aversion, cash, endowment
        Totals of customers and experts (risk aversion: of each), for columns that are missing.
    assets : sequence of str, optional
        Names of the assets, which columns have as an ending; none where there is one.
    holds : bool
        Whether experts may start with assets.
    rng : numpy.random.Generator
        The one source of randomness; customers are drawn first.

    Raises
    ------
    Refused
        With one sentence that names parameter, row and column.
    """
    endings = [""] if assets is None else [f"_{name}" for name in assets]

    def fields(name: str) -> list[Column]:
        return [Column(f"{name}{ending}", "assets", name) for ending in endings]

    def table(made: Population, columns: Sequence[Column]) -> FloatArray:
        return np.stack([made.each(column.name) for column in columns], axis=1)

    def shared(columns: Sequence[Column], totals: FloatArray, count: int) -> dict[str, float]:
        return {c.name: float(t) / count for c, t in zip(columns, totals, strict=True)}

    exposure = np.stack([supply, np.zeros_like(supply)])
    aversion, customer_names = np.full(2, risk_aversion), None
    if customers is not None:
        columns = fields("exposure")
        made = cohort_of(
            customers,
            [*columns, RISK_AVERSION],
            lambda count: {"risk_aversion": risk_aversion, **shared(columns, supply, count)},
            rng,
            "customers",
        )
        exposure, aversion = table(made, columns), made.each("risk_aversion")
        customer_names = made.names
    if experts is None:
        return Traders(exposure, aversion, np.array([cash]), endowment[None, :], customer_names)
    held = fields("endowment")
    made = cohort_of(
        experts,
        [Column("cash", "cash", "cash"), *(held if holds else ())],
        lambda count: {"cash": cash / count, **shared(held, endowment, count)},
        rng,
        "experts",
    )
    own = table(made, held) if holds else np.zeros((made.count, len(endings)))
    return Traders(exposure, aversion, made.each("cash"), own, customer_names, made.names)
