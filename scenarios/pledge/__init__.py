"""Pledgeable securities whose prices reveal what investors know: Ramirez."""

from __future__ import annotations

from simulator.title import Title

SOURCE = "Ramirez, Pledgeable securities in a rational expectations equilibrium"

PLEDGEABILITY = Title(
    name="pledgeability",
    summary="investors with private signals learn what the price of a pledgeable security"
    " reveals: the published equilibrium is not where they end",
    source=SOURCE,
    module="scenarios.pledge.pledgeability",
)

PLEDGEABLE_SECURITIES = Title(
    name="pledgeable-securities",
    summary="securities under different haircuts: the same payoff at different prices, and"
    " prices that comove without news",
    source=f"{SOURCE}, section 4.5",
    module="scenarios.pledge.pledgeable_securities",
)
