"""Random economies whose experts are short of funding; ranges and an independent recomputation.

The certificate solves every expert's linear program with HiGHS and looks at the slope of customers'
utility. Here an expert's best position is the best of its vertices, one asset on one side or
nothing, customers' demand is solved for, and margins are worked out from the parameters and the
path of prices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.robustness.drawn import Drawn
from markets.quote import FloatArray
from simulator.parameters import Parameters
from simulator.run import Run

RANGES: Mapping[str, str] = {
    "assets": "1 to 6 in funding-contagion",
    "fundamental_value": "1e-3 to 1e4",
    "customers_supply": "1e-4 to 1e4, long or short, or 0",
    "concession without experts": "1e-4 to 1e2 of the fundamental value (prices below 0 included)",
    "volatility": "1e-2 to 10 of the fundamental value; risk_aversion follows",
    "margin_base": "1e-3 to 1e3 of that concession, a number or one for each side",
    "margin_slope": "-.999 to .999 of what makes a margin vanish at a price of its range, or 0",
    "experts_endowment": "1e-3 to 1e2 of the supply, long or short, or 0",
    "experts_wealth": "1 to 6 dates, -3 to 3 of what carries all customers sell, or 0, or exactly"
    " enough",
    "margin_factors": "1 to 5 dates, .1 to 10",
    "confidence, memory, floor, buffer": ".51 to .99999; 0 to .999; 0 to 3 and 0 to 5 margins",
    "horizon, recapitalised, dates": "1e-2 to 1e2; 0 to 1; 2 to 12",
    "news": "0 to .3 of the value and 0 to 1 of the supply per date",
}
"""Parameter and the range that it is drawn from."""

NOTHING = 0.1
"""Share of draws in which an amount that may be zero is zero."""

RESOLVED = 1e-9
"""Share of the fundamental value; a gain per asset below it is compared with this, and so are
orders for such a gain: prices are known to 1e-16 of the value."""


Pair = float | Sequence[float]
"""A number for both sides of a position, or one for long and one for short positions."""


def draw(rng: np.random.Generator) -> Drawn:
    """Draw a scenario and its parameters."""
    scenarios = {
        "margin-spiral": _spiral,
        "funding-contagion": _contagion,
        "margin-procyclicality": _procyclicality,
    }
    name = str(rng.choice(list(scenarios)))
    return Drawn(name, scenarios[name](rng))


# ---------------------------------------------------------------------------------- draws
def _spiral(rng: np.random.Generator) -> dict[str, object]:
    market = _market(rng, 1)
    one = {name: values[0] for name, values in market["assets"].items()}
    return {
        "fundamental_value": one["fundamental_values"],
        "customers_supply": one["customers_supplies"],
        "volatility": one["volatilities"],
        "margin_base": one["margin_bases"],
        "margin_slope": one["margin_slopes"],
        "experts_endowment": one["experts_endowments"],
        "experts_wealth": market["experts_wealth"],
        "risk_aversion": market["risk_aversion"],
    }


def _contagion(rng: np.random.Generator) -> dict[str, object]:
    count = int(rng.integers(1, 7))
    names = [f"asset{j}" for j in range(count)]
    factors = 10.0 ** rng.uniform(-1.0, 1.0, int(rng.integers(1, 6)))
    market = _market(rng, count, least=min(float(factors.min()), 1.0))
    return {
        "assets": names,
        "shocked": str(rng.choice(names)),
        "margin_factors": factors.tolist(),
        "experts_wealth": market["experts_wealth"],
        "risk_aversion": market["risk_aversion"],
        **market["assets"],
    }


def _procyclicality(rng: np.random.Generator) -> dict[str, object]:
    market = _market(rng, 1)
    value, supply, volatility = (
        market["assets"][name][0]
        for name in ("fundamental_values", "customers_supplies", "volatilities")
    )
    alone = market["concession"]
    base = _sided(rng, max(alone, 1e-3 * value) * _far(rng, -3.0, 3.0, 2))
    news, supply_news = value * 0.3 * rng.random() ** 3, abs(supply) * rng.random() ** 3
    widest = 13.0 * (alone + value * 0.01 + 3.0 * news)
    return {
        "fundamental_value": value,
        "customers_supply": supply,
        "volatility": volatility,
        "risk_aversion": market["risk_aversion"],
        "dates": int(rng.integers(2, 13)),
        "margin_base": base,
        "margin_slope": float(rng.uniform(-0.9, 0.9)) * float(np.min(base)) / widest,
        "confidence": _sided(rng, rng.uniform(0.51, 0.99999, 2)),
        "horizon": _far(rng, -2.0, 2.0),
        "memory": _maybe(rng, float(rng.uniform(0.0, 0.999))),
        "floor": _sided(rng, _maybe(rng, float(rng.uniform(0.0, 3.0))) * np.resize(base, 2)),
        "buffer": _maybe(rng, float(rng.uniform(0.0, 5.0))),
        "experts_wealth": _maybe(rng, float(np.max(base)) * abs(supply) * _far(rng, -3.0, 0.5)),
        "recapitalised": float(rng.choice([0.0, 1.0, rng.random()])),
        "supply_volatility": _maybe(rng, supply_news),
        "supply_persistence": float(rng.uniform(0.0, 0.99)),
        "news_volatility": _maybe(rng, news),
    }


def _market(rng: np.random.Generator, count: int, least: float = 1.0) -> dict[str, Any]:
    """Draw assets, customers and experts; the margin may be charged at ``least`` of its base."""
    value = _far(rng, -3.0, 4.0, count)
    supply = _far(rng, -4.0, 4.0, count) * rng.choice([-1.0, 1.0, 1.0], count)
    share = _far(rng, -4.0, 2.0, count)
    risk = 2.0 * share[0] * value[0] / (abs(supply[0]) * (value[0] * _far(rng, -2.0, 1.0)) ** 2)
    # customers concede |Z| risk sigma^2 / 2 where there are no experts
    volatility = np.sqrt(2.0 * share * value / (np.abs(supply) * risk))
    supply = np.where(rng.random(count) < NOTHING, 0.0, supply)
    alone = np.abs(supply) * risk * volatility**2 / 2.0
    base = [_sided(rng, share[j] * value[j] * _far(rng, -3.0, 3.0, 2)) for j in range(count)]
    room = 1.26 * np.maximum(alone, 1e-3 * value)
    slopes = [
        _sided(
            rng,
            _maybe(rng, float(rng.uniform(-0.999, 0.999))) * least * np.resize(np.min(b), 2) / r,
        )
        for b, r in zip(base, room, strict=True)
    ]
    endowment = np.abs(supply) * _far(rng, -3.0, 2.0, count) * rng.choice([-1.0, 1.0, 1.0], count)
    endowment = np.where(rng.random(count) < 2.0 * NOTHING, 0.0, endowment)
    carried = sum(float(np.max(b)) * abs(z) for b, z in zip(base, supply.tolist(), strict=True))
    worth = float(endowment @ value)
    shares = rng.choice([-1.0, 0.0, 1.0, *rng.uniform(-3.0, 3.0, 5)], int(rng.integers(1, 7)))
    cash = carried * shares - worth
    cash[0] = max(abs(carried * shares[0]) - worth, np.nextafter(-worth, np.inf) if worth else 0.0)
    return {
        "concession": float(alone.max()),
        "risk_aversion": float(risk),
        "experts_wealth": cash.tolist(),
        "assets": {
            "fundamental_values": value.tolist(),
            "customers_supplies": supply.tolist(),
            "volatilities": volatility.tolist(),
            "margin_bases": base,
            "margin_slopes": slopes,
            "experts_endowments": endowment.tolist(),
        },
    }


def _far(rng: np.random.Generator, low: float, high: float, count: int | None = None) -> Any:
    """Ten to a power between two, one number or several."""
    return 10.0 ** rng.uniform(low, high, count)


def _maybe(rng: np.random.Generator, amount: float) -> float:
    """The amount, or nothing."""
    return 0.0 if rng.random() < NOTHING else amount


def _sided(rng: np.random.Generator, pair: FloatArray) -> Pair:
    """One number for both sides, or the pair."""
    return pair.tolist() if rng.random() < 0.5 else float(pair[0])


# ---------------------------------------------------------------------------------- the check
def gaps(parameters: Parameters, results: Run[Any]) -> Mapping[str, float]:
    """How far each condition of the equilibrium is missed at the worst date, as shares."""
    worst: dict[str, float] = {}
    seen: dict[str, list[_Date]] = {}
    if not len(results.agents):
        return {"traded": np.inf}
    tables = dict(tuple(results.agents.groupby(["case", "date"])))
    for row, key in enumerate(zip(results.dates["case"], results.dates["date"], strict=True)):
        if key not in tables:
            return {"traded": np.inf}
        before = seen.setdefault(key[0], [])
        now = _read(tables[key], results.quotes(row))
        margin, told = _expected(results.title.name, key[0], parameters, before, now)
        for condition, gap in {"told": told, **_missed(now, margin, parameters)}.items():
            worst[condition] = max(worst.get(condition, 0.0), float(gap))
        before.append(now)
    return worst


@dataclass(frozen=True)
class _Date:
    """What the tables say of a date; arrays over assets, customers' over groups and assets."""

    price: FloatArray
    premium: float
    fundamental: FloatArray
    exposure: FloatArray
    wanted: FloatArray
    held: FloatArray
    endowment: FloatArray
    cash: float

    @property
    def wealth(self) -> float:
        """Experts' wealth."""
        return self.cash + float(self.endowment @ self.price)


def _read(agents: pd.DataFrame, quotes: Mapping[str, float]) -> _Date:
    """Read the rows of a date."""
    by = {
        cohort: {
            column: table.pivot(index="member", columns="asset", values=column).to_numpy(float)
            for column in ("fundamental", "exposure", "position", "endowed_assets", "endowed_cash")
        }
        for cohort, table in agents.groupby("cohort")
    }
    customers, experts = by["customers"], by["experts"]
    return _Date(
        price=np.array([quote for name, quote in quotes.items() if name != "funding_premium"]),
        premium=quotes["funding_premium"],
        fundamental=customers["fundamental"][0],
        exposure=customers["exposure"],
        wanted=customers["position"],
        held=experts["position"][0],
        endowment=experts["endowed_assets"][0],
        cash=float(experts["endowed_cash"][0, 0]),
    )


def _missed(now: _Date, margin: FloatArray, parameters: Any) -> dict[str, float]:
    """The conditions of the equilibrium at a date, with margins of shape (2, assets), short first.

    What experts forgo is a share of the most that they could gain.
    """
    volatility = getattr(parameters, "volatilities", None) or [parameters.volatility]
    keep = len(now.exposure) / (parameters.risk_aversion * np.square(volatility))
    gross = np.abs(now.exposure).sum(axis=0) + np.abs(now.held)
    gross = np.where(gross > 0.0, gross, keep * np.abs(now.fundamental))
    below = now.fundamental - now.price
    best = below / (parameters.risk_aversion * np.square(volatility)) - now.exposure
    need = float(np.where(now.held < 0.0, *margin) @ np.abs(now.held))
    most = max(float(np.max(np.stack([-below, below]) / margin)), 0.0)
    funds = max(now.wealth, 0.0)
    # near ruin wealth and orders are small differences of large amounts
    size = abs(now.cash) + float(np.abs(now.endowment) @ np.abs(now.price)) + need
    size += RESOLVED * float(np.max(margin, axis=0) @ (keep * np.abs(now.fundamental)))
    found = {
        "clearing": np.max(np.abs(now.wanted.sum(axis=0) + now.held) / gross),
        "customers": np.max(np.abs(now.wanted - best) / gross),
        "funding": max(need - funds, 0.0) / size if size > 0.0 else 0.0,
    }
    if funds > 0.0:
        scale = max(most, float(np.max(RESOLVED * np.abs(now.fundamental) / margin)))
        found["experts"] = max(most * funds - float(below @ now.held), 0.0) / (scale * size)
        found["premium"] = abs(now.premium - most) / scale
    return found


def _expected(
    scenario: str, case: str, parameters: Any, before: Sequence[_Date], now: _Date
) -> tuple[FloatArray, float]:
    """Margins by the rule, and how far the tables' primitives are from what was asked for."""
    date = len(before)
    if scenario == "margin-procyclicality":
        return _rule(case, parameters, before, now), _carried(parameters, before, now)
    if scenario == "margin-spiral":
        base, slope = _both([parameters.margin_base]), _both([parameters.margin_slope])
        value, supply = [parameters.fundamental_value], [parameters.customers_supply]
        endowment = [parameters.experts_endowment]
    else:
        base, slope = _both(parameters.margin_bases), _both(parameters.margin_slopes)
        shocked = parameters.assets.index(parameters.shocked)
        base[:, shocked] *= _at(parameters.margin_factors, date)
        value, supply = parameters.fundamental_values, parameters.customers_supplies
        endowment = parameters.experts_endowments
    told = [
        *(now.fundamental - value),
        *(now.exposure.sum(axis=0) - supply),
        *(now.endowment - endowment),
        now.cash - _at(parameters.experts_wealth, date),
    ]
    margin: FloatArray = base + slope * (np.array(value) - now.price)
    return margin, float(np.max(np.abs(told)))


def _rule(case: str, parameters: Any, before: Sequence[_Date], now: _Date) -> FloatArray:
    """Margin by a rule of ``margin-procyclicality`` after a path of prices."""
    base = _both([parameters.margin_base])
    if case == "flat":
        return base
    if case == "linear":
        base += _both([parameters.margin_slope]) * (parameters.fundamental_value - now.price)
        return base
    path = [parameters.fundamental_value, *(float(past.price[0]) for past in before)]
    multiple = parameters.horizon**0.5 * np.array(
        [[NormalDist().inv_cdf(p)] for p in _both([parameters.confidence])[:, 0]]
    )
    variance, keep, full = (base / multiple) ** 2, parameters.memory, 1.0 + parameters.buffer
    floor = _both([parameters.floor])
    at_risk, least = multiple * np.sqrt(variance), 1e-12 * variance
    charged = np.maximum(floor, full * at_risk)
    for change in np.diff(path):
        variance = np.maximum(keep * variance + (1.0 - keep) * change**2, least)
        at_risk = multiple * np.sqrt(variance)
        charged = np.maximum(floor, np.clip(charged, at_risk, full * at_risk))
    margin: FloatArray = at_risk if case == "volatility" else charged
    return margin


def _carried(parameters: Any, before: Sequence[_Date], now: _Date) -> float:
    """How far experts' start is from what the last date and their owners left them, a share."""
    if not before:
        start = abs(now.cash - parameters.experts_wealth)
        return max(float(start), abs(float(now.endowment[0])))
    first, last = before[0], before[-1]
    added = parameters.recapitalised * (first.wealth - last.wealth)
    cash = last.wealth + added - float(last.held @ last.price)
    size = abs(last.wealth) + abs(first.wealth) + float(np.abs(last.held) @ np.abs(last.price))
    off = float(abs(now.cash - cash) / (size if size > 0.0 else 1.0))
    return max(off, float(np.max(np.abs(now.endowment - last.held))))


def _both(numbers: Sequence[Pair]) -> FloatArray:
    """Numbers for short and for long positions, shape (2, assets)."""
    return np.array([np.resize(number, 2)[::-1] for number in numbers], dtype=np.float64).T


def _at(path: Sequence[float], date: int) -> float:
    """Entry of a date; the last one stays."""
    return path[min(date, len(path) - 1)]
