"""Published economies, one folder a paper, and the command that runs them."""

from scenarios import euro_crisis
from scenarios.repo_margins import margin_hike

__all__ = ["euro_crisis", "margin_hike"]
