"""What each trader buys and sells at a resting point, in value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from simulator.population.members import trading


def net_trades(
    agents: pd.DataFrame, quotes: Mapping[str, float], promises: Sequence[str]
) -> pd.DataFrame:
    """Value bought less sold of the asset and of every promise, in cash; one row per row."""
    price = quotes["asset_price"]
    values = {"asset": price * (agents["asset"] - agents["endowed_asset"])}
    for name in promises:
        bought, sold = agents[f"bought_{name}"], agents[f"sold_{name}"]
        values[name] = quotes[f"price_{name}"] * (bought - sold)
    return pd.DataFrame(values)


def traders_trading(
    agents: pd.DataFrame, quotes: Mapping[str, float], promises: Sequence[str]
) -> float:
    """Number of traders who buy or sell the asset or a promise."""
    traded = net_trades(agents, quotes, promises).abs().sum(axis=1)
    wealth = agents["endowed_cash"] + quotes["asset_price"] * agents["endowed_asset"]
    return trading(
        traded.to_numpy(np.float64), wealth.to_numpy(np.float64), agents["weight"].to_numpy(float)
    )
