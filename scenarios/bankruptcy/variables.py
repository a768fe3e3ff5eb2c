"""What the columns mean that the scenarios of bankruptcy add to the tables."""

from __future__ import annotations

from typing import Final

from markets.variable import Variable

DATES: Final = (
    Variable("regime", "", "by the closed form: what binds, and whether the borrower defaults"),
    Variable("promised", "bonds", "bonds promised by all borrowers"),
    Variable("probability_of_default", "probability", "probability that somebody defaults"),
    Variable("expected_exposure", "goods", "promises of those who default, expected"),
    Variable("expected_recovery", "share of the promise", "repayment rate, expected"),
    Variable("expected_loss", "goods", "what lenders lose, expected"),
    Variable("return_spread", "per good lent", "return promised less return expected: illiquidity"),
    Variable("bond_price_at_least", "goods per bond", "bond price: lower bound of Proposition 2"),
    Variable("bond_price_at_most", "goods per bond", "bond price: upper bound of Proposition 2"),
    Variable("sharing_rule_error", "goods", "largest distance of consumption from Proposition 3"),
)

CREDIT_RISK: Final = (
    Variable("state", "", "state at date 1; all: expected over states", key=True),
    Variable("probability_of_default", "probability", "share of borrowers who default"),
    Variable("exposure_at_default", "goods", "promises of those who default"),
    Variable(
        "recovery_rate", "share of the promise", "share of the exposure that is seized or delivered"
    ),
    Variable("loss", "goods", "exposure less what is recovered"),
)

VARIABLES: Final = {
    "dates": DATES,
    "welfare_by_short_limit": (
        Variable("credit", "", "as given, nobody defaults, or nobody borrows", key=True),
        Variable("short_limit", "bonds", "most that may be borrowed"),
        Variable("utility", "utility", "mean utility of the cohort"),
        Variable("gain_in_goods", "goods at date 0", "mean gain over nobody borrowing"),
    ),
    "credit_risk_by_endowment_risk": (
        Variable("endowment_risk", "number", "spread of endowments, as a multiple", key=True),
    ),
    "credit_risk_by_member": CREDIT_RISK,
    "report": CREDIT_RISK,
}
"""By table, of both scenarios."""
