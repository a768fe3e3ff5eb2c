"""What the figures show, in a sentence for a caption."""

from __future__ import annotations

from typing import Final

CAPTIONS: Final = {
    "net_trade_diagram": "Net trades of lender and borrower at both dates, their indifference"
    " curves, and what the borrower can lose",
    "welfare": "Gain over an economy without borrowing, in goods at date 0, by cohort, with and"
    " without bankruptcy",
    "security_market_line": "Expected gross returns against beta: the security market line, and"
    " the instruments traded",
    "endogenous_credit_risk": "Credit risk as an outcome of endowment risk: probability of default,"
    " promises, return on the bond and loss",
}
