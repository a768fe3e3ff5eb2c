"""The balance sheet of the clearing house, as a table."""

from __future__ import annotations

from html import escape

from walras.watched import Watched

BALANCED = 1e-9
"""Largest balance of the clearing house, as a share of its amounts, that counts as zero."""


def balances(watched: Watched) -> str:
    """The clearing house's balance sheet as a table: amounts, and balances that are zero."""
    settlement = None if watched.economy is None else watched.economy.settlement
    accounts = {} if settlement is None else settlement.accounts()
    scale = max(
        [abs(accounts[each.column]) for each in watched.page.accounts if each.column in accounts]
        or [1.0]
    )
    rows = []
    for account in watched.page.accounts:
        value = accounts.get(account.column)
        if value is None:
            kind, shown = "unknown", ""
        elif account.kind == "amount":
            kind, shown = "amount", f"{value:,.2f}"
        else:
            holds = abs(value) <= BALANCED * scale
            kind, shown = ("holds", f"{value:.1e} ✓") if holds else ("fails", f"{value:.1e} ✗")
        rows.append(
            f'<tr class="{kind}"><td>{escape(account.label)} ({escape(account.unit)})</td>'
            f'<td class="number">{shown}</td></tr>'
        )
    return f'<table class="walras-table">{"".join(rows)}</table>'
