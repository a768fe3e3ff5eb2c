"""What the scenario ``default-waterfall`` shows in the browser."""

from __future__ import annotations

from scenarios.waterfall import pictures
from simulator.page_plan import Account, Announcement, Control, Page, Picture

PAGE = Page(
    controls=(
        Control("traders", 5, 200, 5),
        Control("position_sd", 1.0, 30.0, 1.0),
        Control("haircut", 0.0, 0.3, 0.01),
        Control("cover", 0, 5, 1),
        Control("capital", 0.0, 200.0, 10.0),
        Control("assessment_cap", 0.0, 5.0, 0.5),
        Control("outside", 0.0, 2000.0, 100.0),
        Control("law"),
    ),
    accounts=(
        Account("calls", "calls due", "cash"),
        Account("calls_paid", "calls paid", "cash"),
        Account("capital_left", "the house's capital", "cash"),
        Account("balance", "received and borne less owed", "cash", "balance"),
    ),
    announcement=Announcement("news", "change of every worth", -0.3, 0.3, 0.01),
    case_label="equilibrium",
    certify_rounds=True,
    pictures=(
        Picture("Who bears the losses", pictures.waterfall, pictures.waterfall_text),
        Picture("Calls and defaults", pictures.timeline, pictures.timeline_text),
        Picture("Balance sheets", pictures.balance_sheets, pictures.balance_sheets_text),
    ),
)
