"""What the columns mean that the scenarios on the credit tree add to the tables."""

from __future__ import annotations

from typing import Final

from markets.variable import Variable

DEBT: Final = (
    Variable("household", "", "borrower", key=True),
    Variable("contract", "", "contract borrowed in", key=True),
    Variable("node", "", "node of date 1", key=True),
)

SHARE: Final = "share of the debt"

CREDIT_TREE: Final = {
    "dates": (
        Variable("utility[{member}]", "utility", "utility of household {member} at its plan"),
        Variable("paid[{instrument}@{node}]", SHARE, "debt of {instrument} kept at {node}"),
        Variable("prepaid[{instrument}@{node}]", SHARE, "debt of {instrument} prepaid at {node}"),
        Variable("defaulted[{instrument}@{node}]", SHARE, "defaulted on {instrument} at {node}"),
        Variable("averages", "count", "times that plans were averaged"),
        Variable("auction_steps", "steps", "steps of auctions"),
        Variable(
            "auction_move", "number", "largest move of a coordinate of the quotes by an auction"
        ),
        Variable("exact", "", "whether the equilibrium is proved in exact arithmetic"),
        Variable("verified", "", "arithmetic in which the equilibrium is verified"),
        Variable("remark", "", "what to know of the equilibrium"),
    ),
    "propositions": (
        *DEBT,
        Variable(
            "closing_cost",
            "first good per unit",
            "cost of closing the debt: the lower of prepayment and collateral",
        ),
        Variable(
            "phi", "first good per unit", "closing cost less the present value of what is owed"
        ),
        Variable("psi", "first good per unit", "closing cost less what is due at the node"),
        Variable("proposition_1", "", "what proposition 1 says: closes, keeps or nothing"),
        Variable("proposition_2", "", "what proposition 2 says"),
        Variable("corollary", "", "what the corollary says"),
        Variable("closes_by", "", "how the debt is closed, if it is"),
        Variable("predicted", "", "what the borrower does by the propositions"),
        Variable("paid", SHARE, "debt that is kept"),
        Variable("prepaid", SHARE, "debt that is prepaid"),
        Variable("defaulted", SHARE, "debt that is defaulted on"),
        Variable("underwater", "", "whether debt is kept that is worth more than its collateral"),
        Variable("agrees", "", "whether the borrower does what is predicted"),
    ),
    "payment_strategies": (
        *DEBT,
        Variable("by", "", "by the borrower's program, or by the propositions alone", key=True),
        Variable("cost", "first good per unit", "cost of closing the debt", key=True),
        Variable("kept", SHARE, "debt that the borrower would keep"),
        Variable("proposition", "", "what the propositions say"),
    ),
    "rental_market": (
        Variable("household", "", "household", key=True),
        Variable("node", "", "node with the rental market", key=True),
        Variable("rent", "first good per unit", "rent of the good"),
        Variable("most_paid", "first good per unit", "rent below which it would rent"),
        Variable("least_taken", "first good per unit", "rent above which it would let"),
        Variable("rents", "", "whether it would rent"),
        Variable("lets", "", "whether it would let"),
        Variable("return_on_letting", "ratio", "what a good that is let brings over what it costs"),
        Variable("return_on_security", "ratio", "highest payment over resale price of a security"),
    ),
    "report": (Variable("remark", "", "what to know of the case"),),
}
"""By table, of every scenario on the tree."""
