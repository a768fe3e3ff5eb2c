"""A floor and a buffer on top of another margin rule."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markets.margin.known import Known
from markets.margin.rule import MarginRule
from markets.refused import Refused


@dataclass(frozen=True, slots=True)
class AntiProcyclicalMargin(MarginRule):
    r"""Another rule's margin with a floor and a buffer that can be drawn down.

    In calm times the house charges :math:`(1 + b)` times the margin :math:`w` of the underlying
    rule. When :math:`w` rises, the charge stays and the buffer is drawn down; only when the buffer
    is used up does the charge rise with :math:`w`. When :math:`w` falls, the charge stays until
    the buffer is full again. The charge is never below the floor:

    .. math:: m_t = \max\{ f,\ \min\{ \max\{ m_{t-1}, w_t \}, (1 + b) w_t \} \} .

    Parameters
    ----------
    rule : MarginRule
        The underlying rule.
    floor : float
        :math:`f`, least margin, cash per security; not negative.
    buffer : float
        :math:`b`, the buffer as a share of the margin; not negative. Full at the first date.

    Raises
    ------
    Refused
        If floor or buffer is negative.
    """

    rule: MarginRule
    floor: float = 0.0
    buffer: float = 0.25

    def __post_init__(self) -> None:
        """Refuse a negative floor or buffer."""
        for name in ("floor", "buffer"):
            value = getattr(self, name)
            if not 0.0 <= value < math.inf:
                raise Refused(f"{name} is {value}; it must be a number of at least 0")

    def haircut(self, known: Known) -> float:
        """Margin as a share of the price."""
        return self.margin(known) / known.price

    def margin(self, known: Known) -> float:
        """Margin in cash."""
        charged = None
        if known.charged is not None and known.closed is not None:
            charged = known.charged * known.closed
        return max(self.floor, drawn_down(self.rule.margin(known), self.buffer, charged))


def drawn_down(wanted: float, buffer: float, charged: float | None) -> float:
    r"""What is charged with a buffer that is drawn down before the charge rises.

    :math:`\min\{\max\{m_{t-1}, w_t\}, (1 + b) w_t\}` after a charge :math:`m_{t-1}`; with the
    full buffer if there was none before.
    """
    full = (1.0 + buffer) * wanted
    return full if charged is None else min(max(charged, wanted), full)
