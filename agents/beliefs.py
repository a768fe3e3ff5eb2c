"""What traders believe: probabilities of the low payoff, spread over a cohort."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from markets.quote import FloatArray
from markets.refused import Refused

_BETA = re.compile(r"^beta\(\s*([^,()]+?)\s*,\s*([^,()]+?)\s*\)$")


class Beliefs:
    """A distribution of beliefs on (0, 1).

    Parameters
    ----------
    given : str or sequence of float
        ``"uniform"``, ``"beta(a, b)"`` with a, b > 0, or the beliefs themselves, one per member,
        each strictly between 0 and 1.

    Raises
    ------
    Refused
        If the distribution is unknown or a belief lies outside (0, 1).
    """

    def __init__(self, given: str | Sequence[float] | FloatArray) -> None:
        self.given = given
        self.values: FloatArray | None = None
        if isinstance(given, str):
            self._shape = _shape(given)
            return
        values = np.sort(np.asarray(given, dtype=np.float64).ravel())
        if values.size < 2:
            raise Refused(f"beliefs has {values.size} entries; at least two are needed")
        wrong = values[~((values > 0.0) & (values < 1.0))]
        if wrong.size:
            raise Refused(f"beliefs contains {wrong[0]}; a belief lies strictly between 0 and 1")
        self.values = values

    @property
    def named(self) -> bool:
        """Whether this is a named distribution, with a smooth distribution function."""
        return self.values is None

    def refuse_ties(self) -> None:
        """Refuse listed beliefs that can't be spread over a continuum.

        Raises
        ------
        Refused
            If a belief is listed twice: it would be held by a mass of traders at one point.
        """
        if self.values is not None and np.any(np.diff(self.values) <= 0.0):
            twice = self.values[1:][np.diff(self.values) <= 0.0][0]
            raise Refused(
                f"beliefs lists {twice} twice; beliefs of a continuum must differ (those of"
                " individuals need not)"
            )

    def order(self, *fields: FloatArray) -> NDArray[np.int64]:
        """Order in which given beliefs rise, so that each member keeps its row of ``fields``.

        Ties are broken by the fields, so that the order given can't matter.
        """
        original = np.asarray(self.given, dtype=np.float64).ravel()
        order = np.argsort(original)
        if np.all(np.diff(original[order]) > 0.0):
            return order
        full = [np.broadcast_to(field, original.size) for field in fields]
        return np.lexsort([*reversed(full), original])

    def quantile(self, share: FloatArray) -> FloatArray:
        """Belief below which a share of the cohort lies.

        Beliefs that were given are spread evenly between each other's midpoints.
        """
        if self.values is None:
            if self._shape == (1.0, 1.0):
                return share
            from scipy import special

            return np.asarray(special.betaincinv(*self._shape, share), dtype=np.float64)
        return np.asarray(np.interp(share, *self._spread()), dtype=np.float64)

    @overload
    def below(self, belief: float) -> float: ...

    @overload
    def below(self, belief: FloatArray) -> FloatArray: ...

    def below(self, belief: float | FloatArray) -> float | FloatArray:
        """Share of the cohort whose belief is at most ``belief``, one or an array of them."""
        one = isinstance(belief, float)
        if self.values is None:
            found: Any = min(max(belief, 0.0), 1.0) if one else np.clip(belief, 0.0, 1.0)
            if self._shape != (1.0, 1.0):
                from scipy import special

                found = special.betainc(*self._shape, found)
        else:
            shares, edges = self._spread()
            found = np.interp(belief, edges, shares)
        return float(found) if one else np.asarray(found, dtype=np.float64)

    def members(self, count: int) -> FloatArray:
        """Beliefs of single traders in rising order: the medians of equal slices, or the given."""
        if self.values is not None:
            return self.values
        return self.quantile((np.arange(count) + 0.5) / count)

    def edges(self, count: int) -> FloatArray:
        """Beliefs at the ``count + 1`` edges of equal slices of the cohort."""
        return self.quantile(np.linspace(0.0, 1.0, count + 1))

    def means(self, shares: FloatArray) -> FloatArray:
        """Mean belief between neighbouring quantiles ``shares`` (k + 1 of them), shape (k,)."""
        edges = self.quantile(shares)
        if self.values is None and self._shape != (1.0, 1.0):
            from scipy import special

            a, b = self._shape
            # the part of the mean of Beta(a, b) below x: a / (a + b) times Beta(a + 1, b) at x
            part = a / (a + b) * special.betainc(a + 1.0, b, edges)
        elif self.values is not None:
            knots = np.union1d(shares, np.linspace(0.0, 1.0, self.values.size + 1))
            values = self.quantile(knots)
            part = np.concatenate(
                [[0.0], np.cumsum(np.diff(knots) * 0.5 * (values[1:] + values[:-1]))]
            )
            part = np.interp(shares, knots, part)
        else:
            return 0.5 * (edges[:-1] + edges[1:])
        # of a narrow slice the difference of two parts keeps few digits, its edges keep all
        means = np.diff(part) / np.diff(shares)
        return np.asarray(np.clip(means, edges[:-1], edges[1:]), dtype=np.float64)

    def _spread(self) -> tuple[FloatArray, FloatArray]:
        """Distribution function through the given beliefs: shares and the beliefs at them."""
        assert self.values is not None
        values = self.values
        middle = 0.5 * (values[1:] + values[:-1])
        first = max(2.0 * values[0] - middle[0], 0.0)
        last = min(2.0 * values[-1] - middle[-1], 1.0)
        return (
            np.linspace(0.0, 1.0, values.size + 1),
            np.concatenate([[first], middle, [last]]),
        )


def _shape(name: str) -> tuple[float, float]:
    """Parameters of the Beta distribution that a name stands for; uniform is Beta(1, 1)."""
    text = name.strip().lower()
    if text == "uniform":
        return 1.0, 1.0
    match = _BETA.match(text)
    if match:
        try:
            a, b = float(match[1]), float(match[2])
        except ValueError:
            a = b = np.nan
        if 0.0 < a < np.inf and 0.0 < b < np.inf:
            return a, b
        raise Refused(f'beliefs is "{name}"; beta(a, b) needs two positive numbers')
    raise Refused(f'beliefs is "{name}"; known are "uniform", "beta(a, b)" and a list of beliefs')
