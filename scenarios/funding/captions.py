"""What the figures show, in a sentence for a caption."""

from __future__ import annotations

from typing import Final

MARGIN_SPIRAL: Final = {
    "price_against_wealth": "Price against the experts' wealth: every equilibrium by the equations,"
    " and where the simulated market came to rest as wealth fell and rose",
    "amplification": "Rise of the price by one more unit of the experts' cash, by channel",
}

FUNDING_CONTAGION: Final = {
    "contagion": "Margin and price of every asset by date, where the margin of one is changed",
    "equilibria_by_premium": "Margin that is missing at every funding premium; its zeros are the"
    " equilibria",
}

MARGIN_PROCYCLICALITY: Final = {
    "margins_by_rule": "Price and margin by date under each margin rule, on the same news",
    "replay_margins": "Margins replayed on one series of prices, and losses that breach them",
    "replay_same_average": "Margins replayed on one series of prices, rescaled to the same average,"
    " and losses that breach them",
    "replay_distributions": "Measures of margin rules replayed on all series: each series, mean and"
    " standard error",
}
