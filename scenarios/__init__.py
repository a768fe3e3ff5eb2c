"""Published economies, one folder a paper, and the command that runs them."""

from scenarios.repo_margins import margin_hike

__all__ = ["margin_hike"]
