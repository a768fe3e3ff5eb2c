"""A floor and a buffer on top of another margin rule."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from markets.margin.rule import PriceMargin
from markets.refused import Refused


@dataclass(frozen=True, slots=True)
class AntiProcyclicalMargin:
    r"""Another rule's margin with a floor and a buffer that can be drawn down.

    In calm times the house charges :math:`(1 + b)` times the margin :math:`w` of the underlying
    rule. When :math:`w` rises, the charge stays and the buffer is drawn down; only when the buffer
    is used up does the charge rise with :math:`w`. When :math:`w` falls, the charge stays until
    the buffer is full again. The charge is never below the floor:

    .. math:: m_t = \max\{ f,\ \min\{ \max\{ m_{t-1}, w_t \}, (1 + b) w_t \} \} .

    Parameters
    ----------
    rule : PriceMargin
        The underlying rule.
    floor : float
        :math:`f`, least margin, cash per security; not negative.
    buffer : float
        :math:`b`, the buffer as a share of the margin; not negative.
    charged : float, optional
        :math:`m_{t-1}`, the margin charged at the last date; a full buffer if not given.

    Raises
    ------
    Refused
        If floor or buffer is negative.
    """

    rule: PriceMargin
    floor: float = 0.0
    buffer: float = 0.25
    charged: float | None = None

    def __post_init__(self) -> None:
        """Refuse a negative floor or buffer."""
        for name in ("floor", "buffer"):
            value = getattr(self, name)
            if not 0.0 <= value < math.inf:
                raise Refused(f"{name} is {value}; it must be a number of at least 0")

    def haircut(self, price: float) -> float:
        """Margin as a share of the price."""
        return self.margin(price) / price

    def margin(self, price: float) -> float:
        """Margin in cash."""
        return self._margins(price)[0]

    def slope(self, price: float) -> float:
        """Slope of the underlying rule where it decides; zero where floor or buffer does."""
        margin, wanted, full = self._margins(price)
        if margin <= self.floor:
            return 0.0
        if margin == full:
            return (1.0 + self.buffer) * self.rule.slope(price)
        return self.rule.slope(price) if margin == wanted else 0.0

    def closed_at(self, price: float) -> AntiProcyclicalMargin:
        """Return the rule at the next date, which remembers what was charged."""
        return replace(self, rule=self.rule.closed_at(price), charged=self.margin(price))

    def _margins(self, price: float) -> tuple[float, float, float]:
        """Margin charged, that of the underlying rule, and that with a full buffer."""
        wanted = self.rule.margin(price)
        full = (1.0 + self.buffer) * wanted
        charged = full if self.charged is None else self.charged
        return max(self.floor, min(max(charged, wanted), full)), wanted, full
