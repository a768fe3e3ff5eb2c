"""The book of the markets for an asset and for collateralised promises."""

from __future__ import annotations

from dataclasses import dataclass

from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class CollateralBook:
    """Orders of a cohort at the posted quotes, and their sum over cohorts; J promises.

    Attributes
    ----------
    cash, asset : float
        Units held in total, pledged or not.
    bought, sold : array (J,)
        Units of each promise.
    endowed_cash, endowed_asset : float
        Units endowed.
    """

    cash: float
    asset: float
    bought: FloatArray
    sold: FloatArray
    endowed_cash: float
    endowed_asset: float

    def wealth(self, asset_price: float) -> float:
        """Value of all endowments, in cash."""
        return self.endowed_cash + asset_price * self.endowed_asset
