"""A clearing house that can lose: margin calls, defaults and the default waterfall."""

from __future__ import annotations

from simulator.title import Title

DEFAULT_WATERFALL = Title(
    name="default-waterfall",
    summary="who can't pay a margin call, who takes the portfolio, and whose money covers the loss",
    source="Eisenberg and Noe (2001); Rogers and Veraart (2013); Cifuentes, Ferrucci and Shin"
    " (2005); CPMI-IOSCO, Principles for financial market infrastructures (2012)",
    module="scenarios.waterfall.default_waterfall",
)
