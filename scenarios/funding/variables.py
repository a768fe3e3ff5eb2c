"""What the columns mean that the scenarios of funding and margins add to the tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from markets.variable import Variable

CASH: Final = "cash per asset"

EXPERTS_CASH: Final = Variable(
    "experts_wealth", "cash", "the experts' cash; below zero a debt against their assets"
)

MARKET: Final = (
    Variable("margin", CASH, "margin charged on the experts' side"),
    Variable("experts_position", "assets", "the experts' position"),
)

ROOT: Final = (
    Variable("price", CASH, "price at the equilibrium"),
    Variable("price_{instrument}", CASH, "price of {instrument} at the equilibrium"),
    Variable("funding_premium", "gain per unit of margin", "shadow price of funding there"),
    Variable("branch", "", "funded, constrained or wiped out"),
    Variable("margin", CASH, "margin at the equilibrium"),
    Variable("position", "assets", "the experts' position there"),
    Variable("textbook_rule", "", "stable or unstable under the textbook rule"),
    Variable("rested", "", "whether the market came to rest there"),
)
"""An equilibrium by the equations."""

MARGIN_SPIRAL: Final = {
    "dates": (
        EXPERTS_CASH,
        *MARKET,
        Variable("branch", "", "funded, constrained or wiped out"),
        Variable("stability", "number", "1 without spirals, 0 at a fold, below 0 where unstable"),
        Variable("equilibria", "count", "equilibria by the equations"),
        Variable("wealth_to_jump", "cash", "change of the experts' cash at which the price jumps"),
        Variable("near_fold", "", "whether a jump of the price is near"),
    ),
    "equilibria_by_wealth": (
        Variable("kind", "", "branch of equilibria", key=True),
        Variable("stable", "", "whether it is stable under the textbook rule", key=True),
        replace(EXPERTS_CASH, key=True),
        Variable("fold", "", "whether the row is the fold"),
    ),
    "report": ROOT,
}
"""By table, of the scenario ``margin-spiral``."""

FUNDING_CONTAGION: Final = {
    "dates": (
        Variable("shocked_margin", CASH, "margin on the asset that is shocked"),
        EXPERTS_CASH,
        Variable("equilibria", "count", "equilibria by the equations"),
        Variable("margin_{instrument}", CASH, "margin on {instrument}"),
        Variable("position_{instrument}", "assets", "the experts' position in {instrument}"),
        Variable(
            "response_{instrument}",
            "per asset",
            "change of the price of {instrument} by a unit of experts' cash",
        ),
    ),
    "shortfall_by_premium": (
        Variable("funding_premium", "gain per unit of margin", "shadow price of funding", key=True),
        Variable("shortfall", "cash", "margin that is missing; zero at an equilibrium"),
        Variable("textbook_rule", "", "stable or unstable, where it is an equilibrium"),
    ),
    "report": ROOT,
}
"""By table, of the scenario ``funding-contagion``."""

MEASURES: Final = (
    ("average_margin", "share of the price", "mean margin"),
    ("peak_to_trough", "ratio", "largest margin over the smallest"),
    (
        "largest_{days}_day_increase",
        "share of the price",
        "largest {days}-day increase",
    ),
    ("periods", "dates", "dates whose margin period of risk has passed"),
    ("breaches", "dates", "those with a loss above the margin"),
    ("breach_share", "share", "breaches over periods"),
    ("expected_share", "share", "share of breaches that the confidence promises"),
    ("kupiec_p", "probability", "p-value: breaches as frequent as promised (Kupiec)"),
    ("independence_p", "probability", "p-value: breaches come independently (Christoffersen)"),
    ("conditional_coverage_p", "probability", "p-value: both (Christoffersen)"),
    ("kupiec_rejected", "share of series", "series in which the frequency is rejected"),
    ("independence_rejected", "share of series", "series in which independence is rejected"),
    ("conditional_coverage_rejected", "share of series", "series in which both are rejected"),
    ("shortfall", "share of the price", "mean loss beyond the margin where there was a breach"),
    ("largest_shortfall", "share of the price", "largest loss beyond the margin"),
    ("over_margining", "share of the price", "mean margin beyond the loss where there was none"),
)
"""What a rule's margins are measured by."""

IN_CASH: Final = tuple(
    (name, "share of the price; cash per asset where only market rules are compared", what)
    for name, _, what in MEASURES
    if name == "average_margin" or name.startswith("largest_{days}")
)
"""Those that the report has in cash unless rules are replayed, too."""

RULE: Final = Variable("rule", "", "margin rule", key=True)
SERIES: Final = Variable("series", "", "series of prices", key=True)

REPLAY: Final = (
    RULE,
    SERIES,
    *(Variable(f"{name}_se", unit, f"standard error: {what}") for name, unit, what in MEASURES),
    *(Variable(*measure) for measure in MEASURES),
)

MARGIN_PROCYCLICALITY: Final = {
    "dates": (
        Variable("experts_wealth", "cash", "wealth of the experts at the posted price, from zero"),
        *MARKET,
        Variable("fundamental", CASH, "expected payoff of the asset"),
        Variable("supply", "assets", "customers' exposure, which experts take over"),
    ),
    **dict.fromkeys(("replay", "replay_same_average", "replay_series"), REPLAY),
    "replay_paths": (
        SERIES,
        RULE,
        Variable("date", "", "date of the series", key=True),
        Variable("price", "cash per security", "price of the series"),
        Variable("margin", "share of the price", "margin charged"),
        Variable("margin_same_average", "share of the price", "margin scaled to one average"),
        Variable("loss", "share of the price", "loss over the margin period of risk"),
    ),
    "rankings": (
        Variable("margins", "", "as charged, or at the same average", key=True),
        Variable("measure", "", "measure by which rules are ranked", key=True),
        Variable("replayed", "", "rules replayed, the lowest first"),
        Variable("in_the_market", "", "rules in the market, the lowest first"),
        Variable("pairs", "count", "pairs of rules"),
        Variable("changed", "count", "pairs that change places"),
        Variable("change_places", "", "which pairs these are"),
    ),
    "report": (
        Variable("comparison", "", "replayed, or in the market", key=True),
        *(Variable(*measure) for measure in IN_CASH),
        *REPLAY,
        Variable("excess_volatility", "ratio", "volatility of the price over the fundamental's"),
        Variable("dates", "dates", "dates in the market"),
    ),
}
"""By table, of the scenario ``margin-procyclicality``."""
