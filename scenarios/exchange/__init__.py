"""Pure exchange: prices of goods that consumers trade for each other."""

from simulator.title import Title

EXCHANGE = Title(
    name="exchange",
    summary="goods traded for goods: unstable, unique and several equilibria of pure exchange",
    source="Scarf, Some examples of global instability of the competitive equilibrium (1960)",
    module="scenarios.exchange.exchange",
)
