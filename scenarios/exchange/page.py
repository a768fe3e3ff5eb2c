"""What the scenario ``exchange`` shows in the browser."""

from __future__ import annotations

from scenarios.exchange import pictures
from simulator.page_plan import Control, Page, Picture

PAGE = Page(
    controls=(
        Control("rule"),
        Control("step", 0.2, 5.0, 0.2),
        Control("start"),
        Control("max_rounds", choices=(100, 1_000, 10_000)),
    ),
    certify_rounds=True,
    pictures=(Picture("The path of prices", pictures.path_of_prices, pictures.path_text),),
)
