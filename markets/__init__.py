"""What is traded and how a quote moves."""

from markets.adjustment import NewtonTatonnement, PlainTatonnement
from markets.anderson import AndersonTatonnement
from markets.bond import BondAndEquities, BondMarket
from markets.implicit import ImplicitTatonnement
from markets.margin import FlatMargin, MarginRule
from markets.repo import RepoMarket, Security

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
    "Security",
]
