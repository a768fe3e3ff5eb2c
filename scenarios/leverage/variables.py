"""What the columns mean that the leverage cycle adds to the tables."""

from __future__ import annotations

from typing import Final

from markets.variable import Variable

DATES: Final = (
    Variable("news", "", "what has been heard, date by date"),
    Variable("price", "cash per asset", "price of the asset where traders stand"),
    Variable("buyers", "share of traders", "traders who hold the asset"),
    Variable("ruined", "share of traders", "traders without wealth"),
    Variable("marginal_buyer", "probability", "belief of the least optimistic buyer"),
    Variable("margin", "share of the price", "what buyers of the asset pay down themselves"),
    Variable("leverage", "multiple", "price of the asset over the down payment: 1 / margin"),
    Variable(
        "marginal_buyer_after_{node}", "probability", "belief of the marginal buyer after {node}"
    ),
    Variable("margin_after_{node}", "share of the price", "down payment planned after {node}"),
    Variable("leverage_after_{node}", "multiple", "price over down payment planned after {node}"),
)

REPORT: Final = (
    Variable("fall", "cash per asset", "fall of the price since the date before"),
    Variable("bad_news", "cash per asset", "of it: what the asset is worth less to the same buyer"),
    Variable(
        "ruined_optimists", "cash per asset", "of it: wealth that buyers lost, at margins as before"
    ),
    Variable("tighter_margins", "cash per asset", "of it: less can be borrowed on each asset"),
)

VARIABLES: Final = {"dates": DATES, "report": REPORT}
"""By table."""
