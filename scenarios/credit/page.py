"""What the scenarios of credit on an event tree show in the browser."""

from __future__ import annotations

from dataclasses import replace

from scenarios.credit import pictures
from simulator.page_plan import Account, Control, Page, Picture

PAGE = Page(
    controls=(
        Control("pools", choices=("trusted", "distrusted")),
        Control("start", choices=("primitives", "random", "pessimistic")),
        Control("inertia", 0.1, 20.0, 0.1),
        Control("memory", 0, 80, 5),
        Control("auction_after", 0, 2_000, 100),
    ),
    accounts=(
        Account("pool_balance", "delivered less passed on", "first good", "balance"),
        Account("debt_unaccounted", "debt unaccounted for", "units", "balance"),
    ),
    pictures=(
        Picture("Who pays on the event tree", pictures.event_tree, pictures.event_tree_text),
    ),
)

CONTRACTION_PAGE = replace(PAGE, case_label="where credit is offered at date 1")
