"""What is traded and how a quote moves."""

from markets.adjustment import PlainTatonnement
from markets.anderson import AndersonTatonnement
from markets.bond import BondAndEquities, BondMarket
from markets.implicit import ImplicitTatonnement
from markets.margin import FlatMargin, MarginRule
from markets.newton import NewtonTatonnement
from markets.repo import RepoMarket, Security
from markets.safeguarded import SafeguardedTatonnement
from markets.successive import SuccessiveTatonnement

__all__ = [
    "AndersonTatonnement",
    "BondAndEquities",
    "BondMarket",
    "FlatMargin",
    "ImplicitTatonnement",
    "MarginRule",
    "NewtonTatonnement",
    "PlainTatonnement",
    "RepoMarket",
    "SafeguardedTatonnement",
    "Security",
    "SuccessiveTatonnement",
]
