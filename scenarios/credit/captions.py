"""What the figures show, in a sentence for a caption."""

from __future__ import annotations

from typing import Final

CREDIT_TREE: Final = {
    "prices_by_round": "Prices of contracts by round, against the closed form",
    "goods_prices_by_round": "Prices of goods by round, against the closed form",
    "resale_prices_by_round": "Resale prices of securities by round, against the closed form",
    "unit_payments_by_round": "Payments of pass-through securities by round, against the closed"
    " form",
    "event_tree": "Quotes on the event tree, and the shares of debt that is paid, prepaid and"
    " defaulted on at its nodes",
    "flows": "Payments into and out of the pools at every node, by household",
    "strategy_map": "What borrowers do with their debt, by the value of the collateral and the cost"
    " of prepaying",
}
