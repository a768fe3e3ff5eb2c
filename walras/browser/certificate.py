"""The certificate, as a table."""

from __future__ import annotations

from html import escape

from walras.watched import Watched


def certificate(watched: Watched) -> str:
    """The certificate as a table: green where a condition holds, wine red where it fails."""
    head = "<h2>Certificate</h2>"
    if watched.certificate is None:
        return (
            f'{head}<table class="walras-table"><tr class="unknown"><td>Nothing to certify yet:'
            " a certificate is made when traders have taken positions.</td></tr></table>"
        )
    rows = []
    for each in watched.certificate.conditions:
        kind, sign, residual = "unknown", "·", ""
        if watched.current:
            kind, sign = ("holds", "✓") if each.holds else ("fails", "✗")
            residual = f"{each.residual + 0.0:.1e}"
        rows.append(
            f'<tr class="{kind}" title="{escape(each.meaning)}"><td>{sign}</td>'
            f'<td>{escape(each.name)}</td><td class="number">{residual}</td></tr>'
        )
    return (
        f'{head}<table class="walras-table"><tr><th></th><th>condition</th>'
        f'<th class="number">residual</th></tr>{"".join(rows)}</table>'
    )
