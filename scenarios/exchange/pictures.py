"""The picture that the page of ``exchange`` shows: the path of prices, drawn as it happens."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from agents.exchange.consumers import Primitives
from markets.quote import FloatArray
from scenarios.exchange import closed_form
from simulator import card, palette
from simulator.outcome import Outcome
from simulator.page_plan import SoFar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
"""Where each of three goods is alone of value."""

WANTED = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
"""What Scarf's consumers, a row each, want of the goods, one to one."""

WIDE = 30.0
"""Largest ratio of prices that are drawn on a linear scale."""

ONE_BY_ONE = 60
"""Rounds up to which each has a marker."""

MOST_GOODS = len(palette.EXCESS)
"""Goods whose prices can be told apart."""


@card.styled()
def path_of_prices(so_far: SoFar) -> Figure:
    """Prices of three goods in a triangle, of other numbers of goods by round."""
    goods = so_far.parameters.names
    return _triangle(so_far) if len(goods) == len(CORNERS) else _by_round(so_far)


def _triangle(so_far: SoFar) -> Figure:
    """The path of the rounds in the simplex of prices, the equilibrium, and Scarf's cycle."""
    figure, (axes,) = card.frame(left=0.02, right=0.98, bottom=0.02, top=0.87)
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_xlim(-0.14, 1.14)
    axes.set_ylim(-0.11, 0.98)
    axes.fill(*CORNERS.T, facecolor="none", edgecolor=palette.NEUTRAL[0], linewidth=1.0)
    for corner, good, up in zip(CORNERS, so_far.parameters.names, (-1, -1, 1), strict=True):
        axes.annotate(
            f"good {good}"[:16], corner, xytext=(0, 4 * up), textcoords="offset points",
            ha="center", va="bottom" if up > 0 else "top",
        )  # fmt: skip
    path = places(prices(so_far))
    first = prices(so_far)[0]
    if is_scarfs(so_far) and np.ptp(first) > 0.0:
        axes.plot(*places(_cycle(tuple(first.tolist()))).T, color=palette.CLOSED_FORM,
                  linestyle="--", label="Scarf's cycle")  # fmt: skip
    known = equilibrium(so_far)
    if known is not None:
        axes.plot(*places(known), marker="D", markersize=7.0, color=palette.CLOSED_FORM,
                  linestyle="none", label="equilibrium", zorder=4)  # fmt: skip
    if len(so_far.rounds):
        marker = "." if len(path) <= ONE_BY_ONE else "None"
        axes.plot(*path.T, color=palette.LONG, linewidth=1.2, marker=marker, label="rounds")
    axes.plot(*path[0], marker="o", markerfacecolor="white", markeredgecolor=palette.INK,
              linestyle="none", label="start", zorder=5)  # fmt: skip
    if len(so_far.rounds):
        axes.plot(*path[-1], marker="s", color=palette.INK, linestyle="none", zorder=5,
                  label=_state(so_far))  # fmt: skip
    card.legend(axes, 3, bbox_to_anchor=(-0.12, 0.985), fontsize=8.0)
    return figure


@lru_cache(maxsize=8)
def _cycle(start: tuple[float, ...]) -> FloatArray:
    """Scarf's cycle through some first prices: the rule in continuous time."""
    consumers = Primitives(WANTED, np.eye(3), np.zeros(3), np.ones(3))
    return closed_form.orbit(consumers, np.array(start))


def places(p: FloatArray) -> FloatArray:
    """Where prices of three goods, along the last axis, lie in the triangle, (..., 2)."""
    return np.asarray(p / p.sum(axis=-1, keepdims=True) @ CORNERS)


def _by_round(so_far: SoFar) -> Figure:
    """Relative prices by round, on a logarithmic scale, beside those of the closed form."""
    figure, (axes,) = card.frame(top=0.8)
    path, known = prices(so_far), equilibrium(so_far)
    goods = so_far.parameters.names[:MOST_GOODS]
    marker = "o" if len(path) <= ONE_BY_ONE else "None"
    for k, (good, colour) in enumerate(zip(goods, palette.EXCESS, strict=False)):
        if k == 0:
            continue  # one by definition
        if len(so_far.rounds):
            axes.plot(np.arange(1, len(path)), path[1:, k], color=colour, marker=marker,
                      markersize=3.0, label=f"good {good}"[:16])  # fmt: skip
        if known is not None:
            axes.axhline(known[k], color=palette.CLOSED_FORM, linestyle="--", linewidth=1.2,
                         label="closed form" if k == 1 else None)  # fmt: skip
    card.upright(axes, f"price (units of good {goods[0]})"[:34], 5)
    if np.ptp(np.log(path[:, 1:])) > np.log(WIDE):
        axes.set_yscale("log")
    axes.margins(y=0.15)
    axes.set_xlim(0.5, max(len(path) - 1, 5) + 0.5)
    axes.set_xlabel("round")
    card.whole(axes)
    card.legend(axes, 3)
    return figure


def prices(so_far: SoFar) -> FloatArray:
    """First prices, and those of every round so far, shape (1 + rounds, goods)."""
    names = [quote.name for quote in so_far.market.quotes]
    first = np.array([[so_far.first_quotes[name] for name in names]])
    if not len(so_far.rounds):
        return first
    return np.concatenate([first, so_far.rounds[names].to_numpy(np.float64)])


def equilibrium(so_far: SoFar) -> FloatArray | None:
    """Prices by the closed form, where they are the only ones and consumers are not drawn."""
    primitives = so_far.parameters.primitives()
    return None if primitives is None else closed_form.linear(primitives)


def is_scarfs(so_far: SoFar) -> bool:
    """Whether the economy is Scarf's: consumer i owns one good i, wants i and i + 1 one to one."""
    primitives = so_far.parameters.primitives()
    if primitives is None or primitives.endowment.shape != (3, 3) or primitives.elasticity.any():
        return False
    alike = bool((primitives.members == primitives.members[0]).all())
    return (
        alike
        and np.array_equal(primitives.weights, WANTED)
        and np.array_equal(primitives.endowment, np.eye(3))
    )


def path_text(so_far: SoFar) -> str:
    """Prices now, and whether they rest."""
    path = prices(so_far)
    now = ", ".join(
        f"good {good}: {price:.4f}"
        for good, price in zip(so_far.parameters.names, path[-1], strict=True)
    )
    verb = {"rest": "rest", "end": "ended without rest", "now": "stand"}[_state(so_far)]
    return f"After {len(so_far.rounds)} rounds prices {verb} at {now}."


def _state(so_far: SoFar) -> str:
    """Whether the last prices are where the markets rest, where the rounds ended, or neither."""
    if not so_far.ended:
        return "now"
    return "rest" if so_far.ends[-1].outcome is Outcome.CLEARED else "end"
