"""Investors outside the clearing house, who buy what its members have to sell."""

from __future__ import annotations

import mesa
import numpy as np
import pandas as pd

from agents.cohort import Cohort
from agents.waterfall.members import VARIABLES, Closed
from markets.quote import FloatArray
from markets.refused import Refused
from markets.waterfall.quotes import WaterfallBook, WaterfallQuotes, WaterfallTerms


class OutsideInvestors(Cohort[WaterfallTerms, WaterfallQuotes, WaterfallBook, Closed]):
    r"""One investor for all of them, who would buy :math:`a \ln (v / p)` and always pays.

    Positions that it takes over stay at the house: it pays losses on them, and gets the share of
    gains that the house pays.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    appetite : array of shape (K,)
        a, securities.
    name : str
        Name of the cohort in records.

    Raises
    ------
    Refused
        If an appetite is negative or not finite.
    """

    variables = VARIABLES

    def __init__(
        self, model: mesa.Model, appetite: FloatArray, name: str = "outside investors"
    ) -> None:
        super().__init__(model, name, 1)
        self.appetite = np.asarray(appetite, dtype=np.float64)
        if not np.all(np.isfinite(self.appetite) & (self.appetite >= 0.0)):
            raise Refused(f"outside is {self.appetite.tolist()}; it must be at least 0")
        self.position = np.zeros_like(self.appetite)
        self.owned = np.zeros_like(self.appetite)
        self.held: tuple[WaterfallQuotes, Closed] | None = None

    def failing(self, terms: WaterfallTerms) -> tuple[FloatArray, FloatArray]:
        """Nothing is sold, and the appetite is there whoever fails."""
        return np.zeros_like(self.appetite), self.appetite

    def respond(self, posted: WaterfallQuotes) -> WaterfallBook:
        """The appetite, and variation margin on what was taken over (changes nothing)."""
        nothing = np.zeros_like(self.appetite)
        move = self._move(posted)
        lost = max(-move, 0.0)
        return WaterfallBook(
            closed=nothing, sold=nothing, appetite=self.appetite,
            open_interest=np.maximum(self.position, 0.0), gains=max(move, 0.0), losses=lost,
            losses_paid=lost, due=lost, paid=lost, own_margin=0.0, own_fund=0.0, uncovered=0.0,
            fund=0.0, assessable=0.0, repaid=np.zeros_like(posted.repaid), defaulted=0.0, alive=0.0,
        )  # fmt: skip

    def hold(self, posted: WaterfallQuotes, placed: Closed) -> None:
        """Take the share of what is sold that the appetite is of all."""
        self.held = posted, placed

    def carry(self) -> None:
        """Keep what was taken over and bought."""
        assert self.held is not None
        self.position = self.position + self.appetite * self.held[1].taken
        self.owned = self.owned + self.appetite * self.held[1].bought

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """What is held of each security, one row."""
        if self.held is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        posted, placed = self.held
        move = self._move(posted)
        columns: dict[str, object] = {
            "cohort": [self.name], "member": [0], "status": ["solvent"], "variation_margin": [move],
            "gains_cut": [(1.0 - posted.gains_paid) * max(move, 0.0)],
        }  # fmt: skip
        for k, security in enumerate(posted.securities):
            columns |= {
                f"position_before[{security}]": [self.position[k]],
                f"owned_before[{security}]": [self.owned[k]],
                f"appetite[{security}]": [self.appetite[k]],
                f"position[{security}]": [self.position[k] + self.appetite[k] * placed.taken[k]],
                f"owned[{security}]": [self.owned[k] + self.appetite[k] * placed.bought[k]],
            }
        return pd.DataFrame(columns)

    def _move(self, posted: WaterfallQuotes) -> float:
        """Variation margin on the positions."""
        return float(self.position @ (posted.price - posted.terms.before))
