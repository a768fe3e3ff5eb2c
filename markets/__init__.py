"""What is traded and how a quote moves."""

from markets.adjustment import NewtonTatonnement, PlainTatonnement
from markets.bond import BondAndEquities, BondMarket
from markets.margin import FlatMargin, MarginRule
from markets.repo import RepoMarket, Security

__all__ = [
    "BondAndEquities",
    "BondMarket",
    "FlatMargin",
    "MarginRule",
    "NewtonTatonnement",
    "PlainTatonnement",
    "RepoMarket",
    "Security",
]
