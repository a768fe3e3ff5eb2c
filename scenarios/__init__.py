"""Published economies, one folder a paper, and the command that runs them."""

from scenarios import bankruptcy, euro_crisis, leverage_cycle, margin_spiral, pledgeability
from scenarios.bankruptcy import capm as bankruptcy_capm
from scenarios.credit_tree import housing, liquidity_contraction, prepayment
from scenarios.margin_spiral import funding_contagion, margin_procyclicality
from scenarios.pledgeability import several_securities as pledgeable_securities
from scenarios.repo_margins import margin_hike

__all__ = [
    "bankruptcy",
    "bankruptcy_capm",
    "euro_crisis",
    "funding_contagion",
    "housing",
    "leverage_cycle",
    "liquidity_contraction",
    "margin_hike",
    "margin_procyclicality",
    "margin_spiral",
    "pledgeability",
    "pledgeable_securities",
    "prepayment",
]
