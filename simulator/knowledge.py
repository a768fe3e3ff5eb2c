"""What a rule was told about the traders: the more, the less is left of a market's own search."""

from __future__ import annotations

from enum import StrEnum


class Knowledge(StrEnum):
    """What moved the quotes of a date, from little to much.

    Past rounds: quotes and plans moved to an average of past rounds, with weights that need sums
    over the traders of how plans moved. A rule that is told slopes has all traders asked again at
    quotes beside the posted ones, unless the market knows its depth; the evaluations of a date
    count that. An auction is a central computation: every trader hands in how its orders would
    change with the quotes, and the quotes at which all orders cross are calculated from that,
    without the market's rounds.
    """

    EXCESS_DEMAND = "excess demand"
    PAST_ROUNDS = "past rounds"
    SLOPES = "slopes of excess demand"
    SCHEDULES = "traders' schedules"
