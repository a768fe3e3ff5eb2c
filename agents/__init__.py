"""Who trades: cohorts of traders, and the clearing house."""

from agents.bankruptcy_clearing import BankruptcyClearingHouse
from agents.beliefs import Beliefs
from agents.clearing_house import ClearingHouse
from agents.cohort import Cohort
from agents.investors import Investors
from agents.repo_clearing import RepoClearingHouse
from agents.traders import Traders
from agents.utility import ConstantRiskAversion, LinearQuadratic

__all__ = [
    "BankruptcyClearingHouse",
    "Beliefs",
    "ClearingHouse",
    "Cohort",
    "ConstantRiskAversion",
    "Investors",
    "LinearQuadratic",
    "RepoClearingHouse",
    "Traders",
]
