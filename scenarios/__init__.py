"""Published economies, one folder a paper, and the command that runs them."""

from scenarios import euro_crisis
from scenarios.bankruptcy import capm as bankruptcy_capm
from scenarios.bankruptcy import two_agents as bankruptcy
from scenarios.margin_spiral import funding_contagion, margin_procyclicality, margin_spiral
from scenarios.pledgeability import one_security as pledgeability
from scenarios.pledgeability import several_securities as pledgeable_securities
from scenarios.repo_margins import margin_hike

__all__ = [
    "bankruptcy",
    "bankruptcy_capm",
    "euro_crisis",
    "funding_contagion",
    "margin_hike",
    "margin_procyclicality",
    "margin_spiral",
    "pledgeability",
    "pledgeable_securities",
]
