"""Noise traders: they buy and sell a pledgeable security for reasons of their own.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium".
"""

from __future__ import annotations

import mesa
import numpy as np
import pandas as pd

from agents.cohort import Cohort
from agents.pledge.forecast import PriceFunction
from agents.pledge.investors import SpotOrders
from agents.pledge.nature import Nature
from markets.pledge.market import RepoTerms, SpotQuotes


class NoiseTraders(Cohort):
    """Traders who buy ln u securities at any price, for reasons of their own.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    name : str
        Name of the cohort in records.
    nature : Nature
        Draws their demand.
    """

    def __init__(self, model: mesa.Model, name: str, *, nature: Nature) -> None:
        super().__init__(model, name, 1)
        self.nature = nature

    def wake(self, date: int, terms: RepoTerms) -> None:
        """Feel the day's needs."""
        state = self.nature.at(date)
        self.log_value, self.log_noise = state.log_value, state.log_noise
        self.haircut = terms.haircut

    def respond(self, posted: SpotQuotes) -> SpotOrders:
        """Orders, whatever the quotes."""
        none = np.zeros_like(self.log_noise)
        return SpotOrders(
            bought=np.maximum(self.log_noise, 0.0),
            sold=np.maximum(-self.log_noise, 0.0),
            by_price=none,
            free=self.log_noise,
            constant=none,
            free_by_price=none,
            by_value=none,
            by_noise=np.ones_like(none),
            by_pledge=none,
            pledged=self.log_noise,
            beyond_limits=none,
        )

    def hold(self, posted: SpotQuotes, placed: PriceFunction) -> None:
        """Keep what was bought."""

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """What was bought, a row a security."""
        return pd.DataFrame(
            {
                "cohort": self.name,
                "role": "noise",
                "security": np.arange(len(self.log_noise)),
                "member": 0,
                "mass": 1.0,
                "haircut": self.haircut,
                "log_value": self.log_value,
                "order": self.log_noise,
            }
        )
