"""What the figures show, in a sentence for a caption."""

from __future__ import annotations

from typing import Final

CAPTIONS: Final = {
    "waterfall": "Losses that defaulters do not pay, by the layer that bears them, at each date in"
    " the equilibrium with most payments and in that with least",
    "timeline": "Prices, calls due and paid, and members who default, by date",
    "balance_sheets": "What members own before and after the date with most defaults, by status",
}
