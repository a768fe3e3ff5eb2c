"""What the markets for an asset and for collateralised promises post in a round."""

from __future__ import annotations

from dataclasses import dataclass

from markets.ladder import Rung
from markets.promises.menu import Menu
from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class CollateralQuotes:
    """What the market posts in a round; J promises.

    Attributes
    ----------
    menu : Menu
        What is traded.
    asset_price : float
        p, cash per unit of the asset.
    promise_price : array (J,)
        q, what a buyer pays and an issuer receives.
    asset_buyer : Rung
        Belief of the asset's marginal buyer, and the share of orders waiting there that is filled;
        all who are more optimistic are filled.
    promise_buyer : tuple of Rung
        The same for each promise. Of a promise that delivers less after good news, the more
        pessimistic are filled, and ``filled`` is the share that is *not*.
    issued : array (J,)
        Share of indifferent issuers who switch to this promise from those before it in the menu.
    """

    menu: Menu
    asset_price: float
    promise_price: FloatArray
    asset_buyer: Rung
    promise_buyer: tuple[Rung, ...]
    issued: FloatArray
