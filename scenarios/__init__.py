"""Published economies, one folder a paper, and the command that runs them."""

from scenarios import bankruptcy, euro_crisis, pledgeability
from scenarios.bankruptcy import capm as bankruptcy_capm
from scenarios.credit_tree import housing, liquidity_contraction, prepayment
from scenarios.pledgeability import several_securities as pledgeable_securities
from scenarios.repo_margins import margin_hike

__all__ = [
    "bankruptcy",
    "bankruptcy_capm",
    "euro_crisis",
    "housing",
    "liquidity_contraction",
    "margin_hike",
    "pledgeability",
    "pledgeable_securities",
    "prepayment",
]
