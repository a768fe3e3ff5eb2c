"""Published economies, one folder a paper, and the command that runs them."""

from scenarios import bankruptcy, euro_crisis
from scenarios.repo_margins import margin_hike

__all__ = ["bankruptcy", "euro_crisis", "margin_hike"]
