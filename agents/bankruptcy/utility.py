r"""Utility of consumption at two dates, for all members of a cohort at once.

Consumption at date 1 may be negative: the shortfall of a bankrupt member is a penalty on its
utility. A decision needs only the value of utility and its first two derivatives, so any strictly
increasing and strictly concave utility with the methods of :class:`Utility` will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from markets.quote import FloatArray

Rows = NDArray[np.int64] | slice


class Utility(Protocol):
    r"""Additive utility :math:`v_0(x_0) + \sum_s \rho_s v_1(x_s)` of every member.

    ``now`` has shape ``(members,)``, ``later`` and the probabilities' weights ``(members, states)``
    and ``(states,)``.
    """

    def rows(self, rows: Rows) -> Self:
        """The same utility for some of the members."""
        ...

    def value(self, now: FloatArray, later: FloatArray, probabilities: FloatArray) -> FloatArray:
        """Utility of each member."""
        ...

    def marginal_now(self, now: FloatArray) -> FloatArray:
        """First derivative of the utility of consumption at date 0."""
        ...

    def marginal_later(self, later: FloatArray) -> FloatArray:
        """First derivative of the utility of consumption at date 1, before probabilities."""
        ...

    def curvature_now(self, now: FloatArray) -> FloatArray:
        """Second derivative at date 0; not positive."""
        ...

    def curvature_later(self, later: FloatArray) -> FloatArray:
        """Second derivative at date 1, before probabilities; negative."""
        ...

    def columns(self) -> dict[str, FloatArray | str]:
        """Name and parameters, for the table of members."""
        ...


@dataclass(frozen=True, slots=True)
class LinearQuadratic:
    r"""Mean-variance utility :math:`a_0 x_0 - \frac12 \sum_s \rho_s (a_1 - x_s)^2`.

    Parameters
    ----------
    weight : array of shape (members,)
        :math:`a_0 > 0`, marginal utility of consumption at date 0.
    satiation : array of shape (members,)
        :math:`a_1 > 0`, consumption at date 1 beyond which more is worse.

    Notes
    -----
    Eichberger, Rheinberger and Summer, "Credit Risk in General Equilibrium", equation (5).
    """

    weight: FloatArray
    satiation: FloatArray

    def rows(self, rows: Rows) -> LinearQuadratic:
        """The same utility for some of the members."""
        return LinearQuadratic(self.weight[rows], self.satiation[rows])

    def value(self, now: FloatArray, later: FloatArray, probabilities: FloatArray) -> FloatArray:
        """Utility of each member."""
        missing = self.satiation[:, None] - later
        return np.asarray(self.weight * now - 0.5 * (missing * missing) @ probabilities)

    def marginal_now(self, now: FloatArray) -> FloatArray:
        """:math:`a_0`."""
        return self.weight

    def marginal_later(self, later: FloatArray) -> FloatArray:
        """:math:`a_1 - x_s`."""
        return self.satiation[:, None] - later

    def curvature_now(self, now: FloatArray) -> FloatArray:
        """Zero: utility is linear at date 0."""
        return np.zeros_like(now)

    def curvature_later(self, later: FloatArray) -> FloatArray:
        """Minus one."""
        return np.full_like(later, -1.0)

    def columns(self) -> dict[str, FloatArray | str]:
        """Name and parameters, for the table of members."""
        return {"utility": "quadratic", "weight": self.weight, "satiation": self.satiation}


@dataclass(frozen=True, slots=True)
class QuadraticAtBothDates:
    r"""Utility :math:`-\frac12 b (a - x_0)^2 - \frac12 \sum_s \rho_s (a - x_s)^2`.

    Parameters
    ----------
    weight : array of shape (members,)
        :math:`b > 0`, weight of date 0; one in the source.
    satiation : array of shape (members,)
        :math:`a > 0`, consumption at either date beyond which more is worse.

    Notes
    -----
    Magill and Quinzii, "Infinite Horizon CAPM" (2000), as in footnote 3 of Eichberger, Rheinberger
    and Summer.
    """

    weight: FloatArray
    satiation: FloatArray

    def rows(self, rows: Rows) -> QuadraticAtBothDates:
        """The same utility for some of the members."""
        return QuadraticAtBothDates(self.weight[rows], self.satiation[rows])

    def value(self, now: FloatArray, later: FloatArray, probabilities: FloatArray) -> FloatArray:
        """Utility of each member."""
        missing, later = self.satiation - now, self.satiation[:, None] - later
        loss = self.weight * missing * missing + (later * later) @ probabilities
        return np.asarray(-0.5 * loss)

    def marginal_now(self, now: FloatArray) -> FloatArray:
        """:math:`b (a - x_0)`."""
        return np.asarray(self.weight * (self.satiation - now))

    def marginal_later(self, later: FloatArray) -> FloatArray:
        """:math:`a - x_s`."""
        return self.satiation[:, None] - later

    def curvature_now(self, now: FloatArray) -> FloatArray:
        """:math:`-b`."""
        return -self.weight

    def curvature_later(self, later: FloatArray) -> FloatArray:
        """Minus one."""
        return np.full_like(later, -1.0)

    def columns(self) -> dict[str, FloatArray | str]:
        """Name and parameters, for the table of members."""
        return {
            "utility": "quadratic at both dates",
            "weight": self.weight,
            "satiation": self.satiation,
        }


@dataclass(frozen=True, slots=True)
class ConstantRiskAversion:
    r"""Utility :math:`-\frac1a [e^{-a x_0} + \beta \sum_s \rho_s e^{-a x_s}]`, never satiated.

    Parameters
    ----------
    risk_aversion : array of shape (members,)
        :math:`a > 0`, absolute risk aversion, per unit of consumption.
    patience : array of shape (members,)
        :math:`\beta > 0`, weight of date 1.
    """

    risk_aversion: FloatArray
    patience: FloatArray

    def rows(self, rows: Rows) -> ConstantRiskAversion:
        """The same utility for some of the members."""
        return ConstantRiskAversion(self.risk_aversion[rows], self.patience[rows])

    def value(self, now: FloatArray, later: FloatArray, probabilities: FloatArray) -> FloatArray:
        """Utility of each member; minus infinity where it is beyond what numbers can hold."""
        a = self.risk_aversion
        with np.errstate(over="ignore"):
            later_loss = self.patience * (np.exp(-a[:, None] * later) @ probabilities)
            return np.asarray(-(np.exp(-a * now) + later_loss) / a)

    def marginal_now(self, now: FloatArray) -> FloatArray:
        r""":math:`e^{-a x_0}`."""
        return np.asarray(np.exp(-self.risk_aversion * now))

    def marginal_later(self, later: FloatArray) -> FloatArray:
        r""":math:`\beta e^{-a x_s}`."""
        return np.asarray(self.patience[:, None] * np.exp(-self.risk_aversion[:, None] * later))

    def curvature_now(self, now: FloatArray) -> FloatArray:
        r""":math:`-a e^{-a x_0}`."""
        return -self.risk_aversion * self.marginal_now(now)

    def curvature_later(self, later: FloatArray) -> FloatArray:
        r""":math:`-a \beta e^{-a x_s}`."""
        return -self.risk_aversion[:, None] * self.marginal_later(later)

    def columns(self) -> dict[str, FloatArray | str]:
        """Name and parameters, for the table of members."""
        return {
            "utility": "constant risk aversion",
            "risk_aversion": self.risk_aversion,
            "patience": self.patience,
        }
