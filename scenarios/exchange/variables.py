"""What the columns mean that the scenario ``exchange`` adds to the tables."""

from __future__ import annotations

from typing import Final

from markets.variable import Variable

VARIABLES: Final = {
    "dates": (Variable("equilibrium", "", "which equilibrium it is, by ascending price"),),
    "report": (
        Variable("price", "units of the first good", "price of the second good"),
        Variable("textbook_rule", "", "whether the equilibrium is stable under the textbook rule"),
        Variable("rested", "", "whether the run came to rest there"),
    ),
}
"""By table."""
