"""What is traded: one bond and the equities, by their payoffs in every state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.quote import FloatArray
from markets.refused import Refused

ONE = 1e-12
"""Rounding allowed in the sum of probabilities."""


@dataclass(frozen=True, slots=True)
class BondAndEquities:
    r"""What is traded: the states, the equities' payoffs, and their names.

    Parameters
    ----------
    probabilities : array of shape (states,)
        :math:`\rho_s > 0`, adding up to one.
    payoffs : array of shape (states, equities)
        :math:`Y \ge 0`, goods per equity in each state.
    state_names, equity_names : tuple of str
        Names in quotes and tables; numbers from 1 unless given. An empty name, of which there can
        be one, is left out.

    Raises
    ------
    Refused
        If probabilities are not probabilities, shapes disagree, a payoff is negative, or the
        payoffs of the bond and the equities are linearly dependent (assumption A4).
    """

    probabilities: FloatArray
    payoffs: FloatArray
    state_names: tuple[str, ...] = ()
    equity_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check, and fill in names."""
        rho, payoffs = np.asarray(self.probabilities), np.asarray(self.payoffs)
        if rho.ndim != 1 or rho.size == 0 or not np.all(rho > 0.0):
            raise Refused(f"probabilities is {rho.tolist()}; each must be above 0")
        if abs(float(np.sum(rho)) - 1.0) > ONE:
            raise Refused(f"probabilities add up to {float(np.sum(rho)):.12g}; it must be 1")
        if payoffs.ndim != 2 or payoffs.shape[0] != rho.size:
            raise Refused(
                f"payoffs has shape {payoffs.shape}; it must have one payoff per state, of which"
                f" there are {rho.size}, for every equity"
            )
        wrong = payoffs[~(np.isfinite(payoffs) & (payoffs >= 0.0))]
        if wrong.size:
            raise Refused(f"payoffs has {wrong[0]}; each must be finite and at least 0")
        columns = np.column_stack([np.ones(rho.size), payoffs])
        if np.linalg.matrix_rank(columns) < columns.shape[1]:
            raise Refused(
                "payoffs of the bond and the equities are linearly dependent; they must be"
                f" {columns.shape[1]} independent columns over the {rho.size} states"
            )
        for field, count in (("state_names", rho.size), ("equity_names", payoffs.shape[1])):
            names = getattr(self, field) or tuple(str(k + 1) for k in range(count))
            if len(names) != count or len(set(names)) < count:
                raise Refused(f"{field} is {names}; it must be {count} different names")
            object.__setattr__(self, field, tuple(names))

    @property
    def states(self) -> int:
        """Number of states."""
        return int(self.probabilities.size)

    @property
    def equities(self) -> int:
        """Number of equities."""
        return int(self.payoffs.shape[1])


def numbered(what: str, name: str) -> str:
    """Name of one quote or column of several, for instance ``repayment_rate[2]``."""
    return f"{what}[{name}]" if name else what
