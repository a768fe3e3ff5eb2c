"""Equilibria of the repo market, built by hand from the slides' formulas."""

import dataclasses
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from scenarios.repo.certificate import certify
from scenarios.repo.closed_form import solve
from simulator.certificate import Certificate

LOW, HIGH = 0.70, 1.15
AMPLE = 1000.0

Edit = Callable[["State"], "State"]


@dataclasses.dataclass(frozen=True)
class State:
    """Quotes and holdings, as the certificate takes them."""

    haircut: float
    security_price: float
    repo_rate: float
    agents: pd.DataFrame
    low_payoff: float = LOW
    high_payoff: float = HIGH
    reuse: bool = True

    def certified(self, complete: bool = True, sample: int = 200) -> Certificate:
        return certify(**vars(self), complete=complete, sample=sample)

    def but(self, **quotes: float) -> "State":
        return dataclasses.replace(self, **quotes)  # type: ignore[arg-type]

    def row(self, kind: str, **columns: float) -> "State":
        """Set columns of the first row whose ``kind`` is the one named."""
        agents = self.agents.copy()
        where = agents.index[agents["kind"] == kind][0]
        for name, value in columns.items():
            agents.loc[where, name] = value
        return dataclasses.replace(self, agents=agents)

    def add(self, kind: str, **columns: float) -> "State":
        """Add to columns of the first row whose ``kind`` is the one named."""
        first = self.agents[self.agents["kind"] == kind].iloc[0]
        return self.row(kind, **{name: first[name] + more for name, more in columns.items()})


def equilibrium(
    market: Literal["short", "long"],
    haircut: float,
    *,
    rows: int = 4,
    income: float = AMPLE,
    other_income: float = 0.0,
) -> State:
    """The slides' economy at rest, as a table of ``rows`` beliefs for each kind of trader.

    At a zero repo rate the side with little income holds the cash and the box, as in the slides:
    x = 1/m for the longs of a short market, x = 1/(1-m) for the shorts of a long one. Below zero
    all boxes bind, and the side's cash is what its budget leaves.
    """
    up, down = (other_income, income) if market == "short" else (income, other_income)
    found = solve(
        haircut=haircut,
        low_payoff=LOW,
        high_payoff=HIGH,
        cash=1.0,
        securities=1.0,
        income_up=up,
        income_down=down,
        cdf=lambda belief: belief,
        quantile=lambda share: share,
    )
    q, rate, h = found.security_price, found.repo_rate, 1.0 - haircut
    m1, m2 = found.marginal_long, found.marginal_short
    wealth = 1.0 + q
    if rate == 0.0 and market == "short":
        size = wealth / (q * haircut) if haircut > 0.0 else (down + wealth) / (HIGH - q)
        long = {
            "cash": 1.0 / m1,
            "security": (1.0 + (1.0 - m1) * size) / m1,
            "repo_lending": 0.0,
            "repo_borrowing": (2.0 - h) / h * (1.0 - m1) / m1 * size,
        }
        short = {"cash": 0.0, "security": -size, "repo_lending": size, "repo_borrowing": 0.0}
        if haircut == 0.0:
            short["cash"] = wealth
            # without margin repo costs no cash: the shorts keep theirs
            long["cash"] = (1.0 - (1.0 - m1) * wealth) / m1
    elif rate == 0.0:
        size = wealth / (q * haircut)
        long = {"cash": 0.0, "security": size, "repo_lending": 0.0, "repo_borrowing": size}
        short = {
            "cash": 1.0 / (1.0 - m1),
            "security": (1.0 - m1 * size) / (1.0 - m1),
            "repo_lending": h / (2.0 - h) * m1 / (1.0 - m1) * size,
            "repo_borrowing": 0.0,
        }
    else:
        psi = (2.0 - h) / (2.0 * haircut) / m1
        theta = h / (2.0 * haircut) / (1.0 - m2)
        long = {
            "cash": wealth - q * haircut * psi,
            "security": psi,
            "repo_lending": 0.0,
            "repo_borrowing": psi,
        }
        short = {
            "cash": wealth - q * haircut * theta,
            "security": -theta,
            "repo_lending": theta,
            "repo_borrowing": 0.0,
        }
    cash = {"cash": wealth, "security": 0.0, "repo_lending": 0.0, "repo_borrowing": 0.0}
    table = []
    groups = [("long", 0.0, m1, long), ("cash", m1, m2, cash), ("short", m2, 1.0, short)]
    for kind, start, stop, portfolio in groups:
        if stop > start:
            edges = np.linspace(start, stop, rows + 1)
            for low, high in pairwise(edges):
                belief = 0.5 * (low + high)
                table.append({"kind": kind, "weight": high - low, "belief": belief, **portfolio})
    agents = pd.DataFrame(table).assign(
        cohort="traders",
        member=np.arange(len(table)),
        endowed_cash=1.0,
        endowed_securities=1.0,
        income_up=up,
        income_down=down,
    )
    return State(haircut, q, rate, agents)


def short_market() -> State:
    """Regime I of the slides: haircut 1%, shorts fully levered."""
    return equilibrium("short", 0.01)


def long_market() -> State:
    """Regime I of the slides: haircut 1%, longs fully levered."""
    return equilibrium("long", 0.01)


def no_margin() -> State:
    """Solvency alone constrains everybody."""
    return equilibrium("short", 0.0)


def special() -> State:
    """Regime II: haircut 5%, the security is special in repo."""
    return equilibrium("short", 0.05)
