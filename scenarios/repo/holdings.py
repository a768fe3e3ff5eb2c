r"""A table of holdings of the repo market as arrays, with the units that accounts are measured in.

A trader's accounts are measured by its wealth, unless its positions exceed a thousand times that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scenarios.repo.carried import Carried
from scenarios.repo.program import HOLDINGS, BoolArray, FloatArray, TraderPrograms

RESOLUTION = 1e-3
"""Accounts of a trader are measured by at least this share of its gross positions: so the
tolerances above never ask for more than 12 digits of the numbers that were added up."""

PART = 1e-9
"""Share of the unit of accounts below which a constraint binds and a position is none."""

COLUMNS = (
    "cohort",
    "weight",
    "belief",
    "endowed_cash",
    "endowed_securities",
    "income_up",
    "income_down",
    *HOLDINGS,
)
"""Columns of a table of holdings that are read."""


def charged(agents: pd.DataFrame) -> float:
    """The haircut that a table of traders says was charged.

    Raises
    ------
    ValueError
        If its rows differ.
    """
    haircuts = agents["haircut"].to_numpy(dtype=np.float64)
    if not np.all(haircuts == haircuts[0]):
        raise ValueError("traders were charged different haircuts; the market has one for all")
    return float(haircuts[0])


@dataclass(frozen=True)
class Holdings:
    r"""Quotes with a table of holdings as arrays, one row for each trader or slice of them.

    Attributes
    ----------
    programs : TraderPrograms
        The traders' linear programs, which know quotes and primitives.
    cohort : array of shape (n,)
        Number of the cohort.
    weight : array of shape (n,)
        Number of traders that a row stands for; positive.
    cash, security, repo_lending, repo_borrowing : array of shape (n,)
        :math:`x, y, \theta, \psi` of one trader.
    carried : Carried or None
        Where the table tells of a date that another was linked to: what each row brought. Endowed
        cash of ``programs`` is then what calls leave of it.
    """

    programs: TraderPrograms
    cohort: NDArray[np.int64]
    weight: FloatArray
    cash: FloatArray
    security: FloatArray
    repo_lending: FloatArray
    repo_borrowing: FloatArray
    carried: Carried | None = field(default=None, kw_only=True)

    @classmethod
    def read(
        cls,
        agents: pd.DataFrame,
        *,
        low_payoff: float,
        high_payoff: float,
        haircut: float,
        security_price: float,
        repo_rate: float,
        reuse: bool = True,
        complete: bool = True,
    ) -> Holdings:
        """Read a table of holdings; rows that stand for nobody (weight 0) are left out.

        Raises
        ------
        ValueError
            If a column is missing, no row is left, a weight is negative or not finite, a belief
            lies outside [0, 1], an endowment or income is negative or not finite (what was carried
            may be negative), or the quotes and payoffs are those of no program.
        """
        missing = [name for name in COLUMNS if name not in agents.columns]
        if missing:
            raise ValueError(f"the table of holdings lacks {', '.join(missing)}")
        weight = agents["weight"].to_numpy(dtype=np.float64)
        _refuse("weight", ~(np.isfinite(weight) & (weight >= 0.0)), weight)
        rows = weight > 0.0
        if not np.any(rows):
            raise ValueError("the table of holdings has no rows")
        column = {name: agents[name].to_numpy(dtype=np.float64)[rows] for name in COLUMNS[1:]}
        _refuse(
            "belief", ~((column["belief"] >= 0.0) & (column["belief"] <= 1.0)), column["belief"]
        )
        carried = Carried.read(agents[rows], security_price, complete=complete)
        for name in COLUMNS[3:7]:
            values = column[name]
            allowed = values >= 0.0 if carried is None or "income" in name else True
            _refuse(name, ~(np.isfinite(values) & allowed), values)
        if carried is not None:
            column["endowed_cash"] = carried.settled_cash
        if not 0.0 <= low_payoff < high_payoff < np.inf:
            raise ValueError(f"payoffs are {low_payoff} and {high_payoff}; 0 <= low < high")
        programs = TraderPrograms(
            low_payoff,
            high_payoff,
            haircut,
            security_price,
            repo_rate,
            *(column[name] for name in COLUMNS[2:7]),
            reuse=reuse,
        )
        return cls(
            programs,
            pd.factorize(agents["cohort"])[0].astype(np.int64)[rows],
            column["weight"],
            *(column[name] for name in HOLDINGS),
            carried=carried,
        )

    def __getitem__(self, rows: NDArray[np.int64]) -> Holdings:
        """Some of the rows."""
        return Holdings(
            self.programs[rows],
            self.cohort[rows],
            self.weight[rows],
            *(getattr(self, name)[rows] for name in HOLDINGS),
            carried=None if self.carried is None else self.carried[rows],
        )

    def __len__(self) -> int:
        return int(self.weight.size)

    @cached_property
    def portfolios(self) -> FloatArray:
        """Holdings as columns, shape (n, 4)."""
        return np.column_stack([self.cash, self.security, self.repo_lending, self.repo_borrowing])

    def total(self, amount: FloatArray) -> float:
        """Sum over all traders of an amount per trader."""
        return float(np.sum(self.weight * amount))

    @cached_property
    def slack(self) -> FloatArray:
        """What each row leaves of every constraint of its program, shape (n, 7)."""
        return self.programs.slack(self.portfolios)

    @cached_property
    def unit(self) -> FloatArray:
        """Cash by which a trader's accounts are measured, shape (n,); see :data:`RESOLUTION`."""
        return self.unit_of(self.portfolios)

    def unit_of(self, portfolios: FloatArray) -> FloatArray:
        """The same for other portfolios that they might hold."""
        gross = self.programs.gross(portfolios)
        if self.carried is not None:
            gross = np.maximum(gross, self.carried.gross)
        return np.maximum(self.programs.wealth, RESOLUTION * gross)

    @cached_property
    def first_cash(self) -> FloatArray:
        """Cash of the first date: endowments, or where they come from; shape (n,)."""
        return self.programs.endowed_cash if self.carried is None else self.carried.first_cash

    @cached_property
    def first_securities(self) -> FloatArray:
        """The same of securities."""
        if self.carried is None:
            return self.programs.endowed_securities
        return self.carried.first_securities

    @cached_property
    def kind(self) -> NDArray[np.int64]:
        """1 for a long, -1 for a short, 0 for a trader without a position; shape (n,)."""
        value = self.programs.security_price * self.security
        held = np.abs(value) > PART * self.unit
        return np.where(held, np.sign(value), 0.0).astype(np.int64)

    @cached_property
    def constrained(self) -> BoolArray:
        """Rows with a position that margin or solvency constrains."""
        return self.constrained_by_margin | self.constrained_by_solvency

    @cached_property
    def constrained_by_margin(self) -> BoolArray:
        """Rows that hold nothing but margin: no cash, the box binds, no repo the other way."""
        price, unit, kind = self.programs.security_price, self.unit, self.kind
        box = self.slack[:, 1]
        other = np.where(kind > 0, self.repo_lending, self.repo_borrowing)
        nothing = (np.abs(self.cash) + price * (np.abs(box) + np.abs(other))) <= PART * unit
        return np.asarray((self.programs.haircut > 0.0) & (kind != 0) & nothing)

    @cached_property
    def constrained_by_solvency(self) -> BoolArray:
        """Rows with a position that leaves nothing in the state that goes against it."""
        against = np.where(self.kind > 0, self.slack[:, 2], self.slack[:, 3])
        return np.asarray((self.kind != 0) & (np.abs(against) <= PART * self.unit))


def _refuse(name: str, wrong: BoolArray, values: FloatArray) -> None:
    """Name the first row in which a column holds what it can't."""
    rows = np.flatnonzero(wrong)
    if rows.size:
        raise ValueError(f"{name} in row {rows[0]} is {values[rows[0]]}")
