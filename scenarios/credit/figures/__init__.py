"""Figures of credit on an event tree; every function returns a new ``Figure`` and keeps nothing."""

from scenarios.credit.figures.event_tree import event_tree
from scenarios.credit.figures.flows import flows, payments
from scenarios.credit.figures.rounds import by_round
from scenarios.credit.figures.strategy_map import strategy_map

__all__ = [
    "by_round",
    "event_tree",
    "flows",
    "payments",
    "strategy_map",
]
