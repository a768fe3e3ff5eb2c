"""What the figures show, in a sentence for a caption."""

from __future__ import annotations

from typing import Final

CAPTIONS: Final = {
    "marginal_buyers": "Who is long, lends, keeps cash and is short on the line of beliefs, by case"
    " and date",
    "margin_by_date": "Price of the asset, and margin of its holders, by date and case",
}
