"""The balance sheet of the clearing house, as a table with a line by round for each amount."""

from __future__ import annotations

from html import escape

import numpy as np

from walras.moment import Moment

BALANCED = 1e-9
"""Largest balance of the clearing house, as a share of its amounts, that counts as zero."""


WIDE, HIGH = 90.0, 20.0
"""Size of a line by round, in its own units."""

MOST_POINTS = 180
"""Rounds that it has, evenly chosen."""


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
            f"<td>{_by_round(moment, account.column) if kind == 'amount' else ''}</td>"
            f'<td class="number">{shown}</td></tr>'
        )
    head = '<tr><th></th><th scope="col">by round</th><th scope="col" class="number">now</th></tr>'
    return f'<table class="walras-table">{head}{"".join(rows)}</table>'


def _by_round(moment: Moment, column: str) -> str:
    """An account after every round as a line from zero, or its least, to its most."""
    if column not in moment.rounds or len(moment.rounds) < 2:
        return ""
    values = np.nan_to_num(moment.rounds[column].to_numpy(dtype=np.float64))
    chosen = np.unique(np.linspace(0, len(values) - 1, min(len(values), MOST_POINTS)).astype(int))
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    across = WIDE * chosen / (len(values) - 1)
    down = HIGH * (1.0 - (values[chosen] - low) / ((high - low) or 1.0))
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, down, strict=True))
    return (
        f'<svg viewBox="-2 -2 {WIDE + 4:g} {HIGH + 4:g}" aria-hidden="true">'
        f'<polyline points="{points}"/></svg>'
    )
