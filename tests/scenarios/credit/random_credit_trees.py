"""Random feasible economies with credit on an event tree."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np


def draw(seed: int) -> dict[str, Any]:
    """Parameters of an economy: 2 or 3 states, 2 to 4 households, 1 or 2 goods, linear or CRRA.

    All numbers are fractions with small denominators, as a user might write them. Goods last in
    part, every node has something of every good for everybody, and the first good is liked
    everywhere, so that it can be the unit of account.
    """
    rng = np.random.default_rng(seed)
    states = int(rng.integers(2, 4))
    goods = ["food", "house"][: int(rng.integers(1, 3))]
    middle = [f"s{number}" for number in range(states)]
    nodes: list[dict[str, Any]] = [{"name": "0"}]
    nodes += [{"name": n, "after": "0", "keeps": _keeps(rng, goods, 0.4, 1.3)} for n in middle]
    nodes += [{"name": f"{n}+", "after": n, "keeps": _keeps(rng, goods, 0.5, 1.0)} for n in middle]
    contracts = [_long(rng, goods, middle)]
    contracts += [_late(rng, goods, n) for n in middle if rng.uniform() < 0.5]
    linear = bool(rng.uniform() < 0.5)
    households = [
        _household(rng, f"h{number}", goods, [node["name"] for node in nodes], linear)
        for number in range(int(rng.integers(2, 5)))
    ]
    return {"goods": goods, "nodes": nodes, "contracts": contracts, "households": households}


def _fraction(rng: np.random.Generator, low: float, high: float) -> str:
    return str(Fraction(round(float(rng.uniform(low, high)) * 20), 20))


def _amounts(rng: np.random.Generator, goods: list[str], low: float, high: float) -> Any:
    return {good: _fraction(rng, low, high) for good in goods}


def _keeps(rng: np.random.Generator, goods: list[str], low: float, high: float) -> Any:
    return {good: _fraction(rng, low, high) for good in goods}


def _long(rng: np.random.Generator, goods: list[str], middle: list[str]) -> dict[str, Any]:
    kind = rng.choice(["real", "fixed rate", "nominal"])
    everywhere = [*middle, *(f"{n}+" for n in middle)]
    if kind == "real":
        coupon: dict[str, Any] = {
            "kind": "real",
            "pays": {n: {"food" if "food" in goods else goods[0]: _fraction(rng, 0.1, 0.5)}
                     for n in everywhere},
        }  # fmt: skip
    elif kind == "fixed rate":
        coupon = {
            "kind": "fixed rate",
            "rate": _fraction(rng, 0.05, 0.4),
            "index": dict.fromkeys(goods, 1),
        }
    else:
        coupon = {"kind": "nominal", "rate": _fraction(rng, 0.05, 0.4)}
    if kind == "real" and rng.uniform() < 0.5:
        costs = {
            n: {good: str(Fraction(coupon["pays"][n][good]) + Fraction(_fraction(rng, 0.05, 0.6)))
                for good in coupon["pays"][n]}
            for n in middle
        }  # fmt: skip
        prepayment: dict[str, Any] = {"kind": "real", "costs": costs}
    elif kind != "real" and rng.uniform() < 0.5:
        prepayment = {"kind": "backward"}
    else:
        prepayment = {
            "kind": "forward",
            "discount": {f"{n}+": _fraction(rng, 0.3, 1.0) for n in middle},
            "of": str(rng.choice(["coupons", "deliveries"])),
        }
    return {
        "name": "long",
        "issued_at": "0",
        "collateral": {goods[-1]: 1},
        "coupon": coupon,
        "prepayment": prepayment,
    }


def _late(rng: np.random.Generator, goods: list[str], node: str) -> dict[str, Any]:
    return {
        "name": f"late-{node}",
        "issued_at": node,
        "collateral": {goods[-1]: 1},
        "coupon": {"kind": "real", "pays": {f"{node}+": {goods[0]: _fraction(rng, 0.1, 0.8)}}},
    }


def _household(
    rng: np.random.Generator, name: str, goods: list[str], nodes: list[str], linear: bool
) -> dict[str, Any]:
    patience = [1.0, *([float(rng.uniform(0.1, 0.6))] * (len(nodes) // 2))]
    patience += [float(rng.uniform(0.05, 0.6))] * (len(nodes) // 2)
    return {
        "name": name,
        "endowment": {n: _amounts(rng, goods, 0.2, 2.0) for n in nodes},
        "weights": {
            n: {good: str(Fraction(max(round(share * float(rng.uniform(0.7, 1.3)) * 40), 1), 40))
                for good in goods}
            for n, share in zip(nodes, patience, strict=True)
        },
        "risk_aversion": 0 if linear else str(rng.choice(["1/2", "1", "2"])),
    }  # fmt: skip
