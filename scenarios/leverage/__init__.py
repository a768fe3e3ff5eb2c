"""The leverage cycle over several dates: Geanakoplos (2003, 2010)."""

from __future__ import annotations

from simulator.title import Title

SOURCE = "Geanakoplos, The Leverage Cycle, NBER Macroeconomics Annual 24 (2010), after his (2003)"

LEVERAGE_CYCLE = Title(
    name="leverage-cycle",
    summary="leverage high, then a crash: bad news, ruined optimists and tighter margins at once",
    source=SOURCE,
    module="scenarios.leverage.leverage_cycle",
)
