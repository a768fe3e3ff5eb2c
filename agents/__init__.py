"""Who trades: cohorts of traders, and the clearing house."""

from agents.beliefs import Beliefs
from agents.clearing_house import ClearingHouse
from agents.cohort import Cohort
from agents.repo_clearing import RepoClearingHouse
from agents.traders import Traders

__all__ = ["Beliefs", "ClearingHouse", "Cohort", "RepoClearingHouse", "Traders"]
