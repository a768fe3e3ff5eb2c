"""What the figures show, in a sentence for a caption."""

from __future__ import annotations

from typing import Final

CAPTIONS: Final = {
    "cycle": "Price of the asset, margin and leverage as news arrives, by who sets leverage",
    "buyers": "Shares of traders who keep cash and lend, hold the asset, or are ruined, as news"
    " arrives",
    "crash": "Fall of the price after bad news: the news itself, ruined optimists, and tighter"
    " margins",
}
