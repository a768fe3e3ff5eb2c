"""What is traded and how a quote moves."""

from markets.adjustment import PlainTatonnement
from markets.margin import FlatMargin, MarginRule
from markets.newton import NewtonTatonnement
from markets.repo import RepoMarket, Security
from markets.safeguarded import SafeguardedTatonnement
from markets.successive import SuccessiveTatonnement

__all__ = [
    "FlatMargin",
    "MarginRule",
    "NewtonTatonnement",
    "PlainTatonnement",
    "RepoMarket",
    "SafeguardedTatonnement",
    "Security",
    "SuccessiveTatonnement",
]
