"""The round, the run, the record and the certificate."""

from simulator.certificate import Certificate, Condition
from simulator.economy import Economy
from simulator.outcome import Outcome
from simulator.run import Run, simulate
from simulator.scenario import Case, Resting, Scenario

__all__ = [
    "Case",
    "Certificate",
    "Condition",
    "Economy",
    "Outcome",
    "Resting",
    "Run",
    "Scenario",
    "simulate",
]
