"""What is traded and how a quote moves."""

from markets.adjustment import NewtonTatonnement, PlainTatonnement
from markets.margin import FlatMargin, MarginRule
from markets.repo import RepoMarket, Security

__all__ = [
    "FlatMargin",
    "MarginRule",
    "NewtonTatonnement",
    "PlainTatonnement",
    "RepoMarket",
    "Security",
]
