"""What the market for collateralised promises on several states posts, and its book."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.promises.book import CollateralBook
from markets.promises.state_menu import StateMenu
from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class StateQuotes:
    """What the market posts in a round; J promises.

    Attributes
    ----------
    menu : StateMenu
        What is traded.
    asset_price : float
        p, cash per unit of the asset.
    promise_price : array (J,)
        q, what a buyer pays and an issuer receives.
    tremble : float
        Weight, in what traders pursue, of keeping a little of everything; it falls round by round.
    """

    menu: StateMenu
    asset_price: float
    promise_price: FloatArray
    tremble: float

    @property
    def prices(self) -> FloatArray:
        """Prices of cash, the asset and every promise, (2 + J,)."""
        return np.concatenate([[1.0, self.asset_price], self.promise_price])


@dataclass(frozen=True, slots=True)
class StateBook(CollateralBook):
    """Orders of a cohort and how they answer a change of quotes.

    Attributes
    ----------
    slope : array (1 + 2 J, 2 + J)
        Derivatives of the asset ordered, and of each promise bought and sold (rows), by the price
        of the asset, that of each promise, and the logarithm of the tremble (columns).
    """

    slope: FloatArray
