"""Noise traders: their demand for a pledgeable security does not depend on its price.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium".
"""

from __future__ import annotations

import mesa
import numpy as np
import pandas as pd

from agents.cohort import Cohort
from agents.pledge.forecast import PriceFunction
from agents.pledge.nature import Nature
from markets.pledge.book import SpotBook
from markets.pledge.quotes import SpotQuotes
from markets.pledge.terms import RepoTerms


class NoiseTraders(Cohort[RepoTerms, SpotQuotes, SpotBook, PriceFunction]):
    """Traders who buy ln u securities at any price (sell them where ln u is negative).

    They bring the cash that they pay, and keep the cash that they receive. Where repo is open they
    pledge what they buy ("and they repo it", section 3.1), or lend against what they sell.

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
        """Read the demand of the day."""
        state = self.nature.at(date)
        self.log_value, self.log_noise = state.log_value, state.log_noise
        self.haircut = terms.haircut

    def respond(self, posted: SpotQuotes) -> SpotBook:
        """Orders, whatever the quotes."""
        none = np.zeros_like(self.log_noise)
        return SpotBook(
            bought=np.maximum(self.log_noise, 0.0),
            sold=np.maximum(-self.log_noise, 0.0),
            by_price=none,
            by_repo=none,
            free=self.log_noise,
            constant=none,
            free_by_price=none,
            by_value=none,
            by_noise=np.ones_like(none),
            by_pledge=none,
            pledged=self.log_noise,
            pledges=np.abs(self.log_noise),
            pledged_by_price=none,
            pledged_by_repo=none,
            beyond_limits=none,
        )

    def hold(self, posted: SpotQuotes, placed: PriceFunction) -> None:
        """Keep whether they could repo what they bought; the orders are the positions."""
        self.open = posted.open

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """What was bought, one row per security."""
        return pd.DataFrame(
            {
                "cohort": self.name,
                "role": "noise",
                "security": np.arange(len(self.log_noise)),
                "member": 0,
                "name": self.name,
                "mass": 1.0,
                "wealth": 0.0,
                "risk_aversion": 0.0,
                "haircut": self.haircut,
                "log_value": self.log_value,
                "order": self.log_noise,
                "pledged": np.where(self.open, self.log_noise, 0.0),
            }
        )
