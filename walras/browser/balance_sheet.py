"""The balance sheet of the clearing house, as a table."""

from __future__ import annotations

from html import escape

from walras.moment import Moment

BALANCED = 1e-9
"""Largest balance of the clearing house, as a share of its amounts, that counts as zero."""


def balances(moment: Moment) -> str:
    """The clearing house's amounts, and its balances, which are zero."""
    accounts = moment.accounts
    amounts = [abs(accounts.get(a.column, 0.0)) for a in moment.lines if a.kind == "amount"]
    scale = max(amounts, default=0.0) or 1.0
    rows = []
    for account in moment.lines:
        value = accounts.get(account.column)
        if value is None:
            kind, shown = "unknown", ""
        elif account.kind == "amount":
            kind, shown = "amount", f"{value:,.4g}" if abs(value) < 1e3 else f"{value:,.2f}"
        else:
            holds = abs(value) <= BALANCED * scale
            kind, shown = ("holds", f"{value:.1e} ✓") if holds else ("fails", f"{value:.1e} ✗")
        unit = f" ({escape(account.unit)})" if account.unit else ""
        rows.append(
            f'<tr class="{kind}"><th scope="row">{escape(account.label)}{unit}</th>'
            f'<td class="number">{shown}</td></tr>'
        )
    return f'<table class="walras-table">{"".join(rows)}</table>'
