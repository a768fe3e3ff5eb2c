"""What the scenarios of bankruptcy show in the browser."""

from __future__ import annotations

from scenarios.bankruptcy import pictures
from simulator import palette
from simulator.page_plan import Account, Control, Curve, Page, Picture

REPAYMENT = Picture("What is repaid", pictures.repayment, pictures.repayment_text)

PAGE = Page(
    controls=(
        Control("borrower_endowment_now", 0.1, 3.0, 0.1),
        Control("borrower_endowment_later", 0.05, 1.5, 0.05),
        Control("borrower_weight", 0.5, 4.0, 0.1),
        Control("borrower_satiation", 1.5, 6.0, 0.1),
        Control("lender_endowment_now", 0.1, 6.0, 0.1),
        Control("lender_endowment_later", 0.1, 2.0, 0.1),
        Control("lender_weight", 0.5, 4.0, 0.1),
        Control("lender_satiation", 1.5, 6.0, 0.1),
        Control("utility"),
        Control("short_limit"),
        Control("penalty"),
    ),
    curves=(
        Curve("bond_price", "bond price", "goods per bond", palette.PRICE),
        Curve("repayment_rate", "repayment rate", "goods per bond", palette.REPO_RATE),
    ),
    accounts=(
        Account("accepted", "bonds accepted", "bonds"),
        Account("house_collected", "collected at date 1", "goods"),
        Account("balance_now", "balance at date 0", "goods", "balance"),
        Account("balance", "balance at date 1", "goods", "balance"),
    ),
    certify_rounds=True,
    pictures=(
        Picture("Net trades", pictures.net_trades, pictures.net_trades_text),
        REPAYMENT,
    ),
)

CAPM_PAGE = Page(
    controls=(
        Control("short_limit", 0.0, 10.0, 0.25),
        Control("penalty"),
        Control("polish", choices=(True, False)),
    ),
    accounts=(
        Account("accepted", "bonds accepted", "bonds"),
        Account("house_collected_now", "collected at date 0", "goods"),
        Account("balance_now", "balance at date 0", "goods", "balance"),
    ),
    pictures=(
        REPAYMENT,
        Picture("Security market line", pictures.security_market_line, pictures.line_text),
    ),
)
