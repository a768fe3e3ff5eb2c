"""Nature: draws of values and of noise demand, the state of the world."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from markets.quote import FloatArray
from markets.refused import Refused


@dataclass(frozen=True, slots=True)
class Lognormal:
    """A variable whose logarithm is normal.

    Parameters
    ----------
    mean : float
        Mean of the variable itself, above 0.
    precision : float
        Inverse variance of its logarithm, above 0.
    """

    mean: float
    precision: float

    def __post_init__(self) -> None:
        """Refuse a mean or precision that is not positive and finite."""
        for name in ("mean", "precision"):
            value = getattr(self, name)
            if not 0.0 < value < math.inf:
                raise Refused(f"{name} is {value}; it must be a number above 0")

    @property
    def log_mean(self) -> float:
        """Mean of the logarithm."""
        return math.log(self.mean) - 0.5 / self.precision

    def log_draws(self, rng: np.random.Generator, count: int) -> FloatArray:
        """Independent draws of the logarithm, shape ``(count,)``."""
        return self.log_mean + rng.standard_normal(count) / math.sqrt(self.precision)


@dataclass(frozen=True, slots=True)
class State:
    """The state of the world at a date, arrays of shape ``(securities,)``.

    Attributes
    ----------
    log_value
        Logarithm of what each security will be worth.
    log_noise
        Demand of noise traders, ln u, in securities; negative where they sell.
    """

    log_value: FloatArray
    log_noise: FloatArray


class Nature:
    """Draws a state of the world at each date.

    Parameters
    ----------
    rng : numpy.random.Generator
        The one source of randomness.
    value, noise : Lognormal
        Their distributions, the same for all securities.
    securities : int
        Number of securities.
    common : bool
        Whether all securities have the same value and the same noise, or independent ones.
    log_value, log_noise : float, optional
        Fixed values for every date and security, instead of draws.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        value: Lognormal,
        noise: Lognormal,
        *,
        securities: int = 1,
        common: bool = False,
        log_value: float | None = None,
        log_noise: float | None = None,
    ) -> None:
        self.rng = rng
        self.value = value
        self.noise = noise
        self.securities = securities
        self.common = common
        self.fixed = (log_value, log_noise)
        self._states: list[State] = []

    def at(self, date: int) -> State:
        """State of the world at a date, counted from 1; drawn once, in the order of dates."""
        while len(self._states) < date:
            value, noise = (
                self._log_draw(law, fixed)
                for law, fixed in zip((self.value, self.noise), self.fixed, strict=True)
            )
            self._states.append(State(value, noise))
        return self._states[date - 1]

    def _log_draw(self, law: Lognormal, fixed: float | None) -> FloatArray:
        if fixed is not None:
            return np.full(self.securities, fixed)
        draws = law.log_draws(self.rng, 1 if self.common else self.securities)
        return np.broadcast_to(draws, self.securities).copy()
