"""The certificate, as a table."""

from __future__ import annotations

from html import escape

from simulator.certificate import Condition
from walras.moment import Moment

NOTHING = (
    "Nothing to certify yet: a certificate is made when traders have taken positions, by code that"
    " shares nothing with the code that traded."
)


def certificate(moment: Moment) -> str:
    """Every condition with what it proves: green where it holds, wine red where it fails."""
    if moment.certificate is None:
        return f'<table class="walras-table"><tr class="unknown"><td>{NOTHING}</td></tr></table>'
    rows = "".join(_row(each, moment.current) for each in moment.certificate.conditions)
    return (
        '<table class="walras-table"><tr><th></th><th scope="col">what it proves</th>'
        f'<th scope="col" class="number">residual<br>at most</th></tr>{rows}</table>'
    )


def _row(condition: Condition, current: bool) -> str:
    """A condition; without its residual where that is of another round than the one shown."""
    kind, sign, said, residual = "unknown", "·", "not checked", ""
    if current:
        kind, sign, said = ("holds", "✓", "holds") if condition.holds else ("fails", "✗", "fails")
        residual = f"{condition.residual + 0.0:.1e}"
    sentence = condition.meaning[:1].upper() + condition.meaning[1:].rstrip(".")
    checked = "" if condition.checked == "all" else f" Checked on {condition.checked}."
    return (
        f'<tr class="{kind}" data-condition="{escape(condition.name)}">'
        f'<td><span role="img" aria-label="{said}">{sign}</span></td>'
        f"<td><b>{escape(condition.name)}</b><br>{escape(sentence)}.{escape(checked)}</td>"
        f'<td class="number">{residual}<br>{condition.tolerance:.0e}</td></tr>'
    )
