"""Pictures that the pages of bankruptcy economies show, drawn as it happens.

They share lines and colours with :mod:`scenarios.bankruptcy.figures`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from markets.bankruptcy.book import BondBook
from markets.bankruptcy.quotes import BondQuotes
from scenarios.bankruptcy.bond_scenario import state_of
from scenarios.bankruptcy.default_state import DefaultState
from scenarios.bankruptcy.state import State
from simulator import card, palette
from simulator.page_plan import SoFar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHORT = {
    "reachable": "reachable by trade",
    "prices": "no arbitrage",
    "lend": "lend",
    "borrow": "borrow",
    "indifference": "indifference curve",
}
"""Names of what the diagram of net trades shows, short enough for a card."""

MOST_STATES = 12
"""States of which there is room for a bar each; of more, the first."""


@card.styled()
def net_trades(so_far: SoFar) -> Figure:
    """Net trades of the borrower and the lender, and what is seized."""
    from scenarios.bankruptcy import figures

    figure, (axes,) = card.frame(top=0.76)
    state = _state(so_far)
    if state is None or isinstance(state, DefaultState) or not state.promises > 0.0:
        for line in (axes.axhline, axes.axvline):
            line(0.0, color=palette.INK, linewidth=0.8)
        axes.set_xlim(-1.0, 1.0)
        axes.set_ylim(-1.0, 1.0)
        axes.set_aspect("equal")
        if state is not None:
            said = "Debtors choose what\nthey deliver: not drawn"
            said = said if isinstance(state, DefaultState) else "Nobody borrows"
            axes.text(0.0, 0.3, said, ha="center")
    else:
        figures.draw_net_trades(axes, state, SHORT, annotated=False)
        figure.legend(*axes.get_legend_handles_labels(), loc="upper left", ncols=3, fontsize=7.5,
                      frameon=False, handlelength=1.2, columnspacing=1.0)  # fmt: skip
    axes.set_xlabel("net transfer at date 0 (goods)")
    axes.set_ylabel("at date 1 (goods)")
    return figure


def net_trades_text(so_far: SoFar) -> str:
    """Price, repayment rate, what is promised and what is seized."""
    state = _state(so_far)
    if state is None:
        return "Net transfers of goods at dates 0 and 1 that borrower and lender plan: none yet."
    borrower = int(np.argmin(state.bond))
    promised, owned = -float(state.bond[borrower]), float(state.resources[borrower, 0])
    said = (
        f"Bond price {state.bond_price:.4f}, repayment rate {state.rates[0]:.4f}: the borrower"
        f" promises {max(promised, 0.0):.4f} and has {owned:.4f} at date 1"
    )
    return f"{said}; it is bankrupt." if promised > owned * (1.0 + 1e-9) else f"{said}."


@card.styled()
def repayment(so_far: SoFar) -> Figure:
    """Repayment rate of every state: quoted, and what the orders of the last round imply."""
    figure, (axes,) = card.frame(bottom=0.22)
    instruments = so_far.parameters.instruments
    names = [name or "date 1" for name in instruments.state_names][:MOST_STATES]
    places = np.arange(len(names))
    if so_far.traded:
        table = rates(so_far).iloc[:MOST_STATES]
        axes.bar(places, table["realised"], width=0.55, color=palette.tint(palette.LONG, 0.6),
                 edgecolor=palette.LONG, label="realised")  # fmt: skip
        axes.bar(places, 1.0 - table["realised"], width=0.55, bottom=table["realised"],
                 color=palette.tint(palette.BAD, 0.3), edgecolor=palette.BAD, hatch="//",
                 label="lost")  # fmt: skip
        axes.plot(places, table["quoted"], linestyle="none", marker="D", color=palette.INK,
                  markersize=6.0, label="quoted", zorder=5)  # fmt: skip
    probabilities = np.asarray(instruments.probabilities)[: len(names)]
    axes.set_xticks(places, [f"{name}\n{p:.0%}" for name, p in zip(names, probabilities,
                                                                   strict=True)])  # fmt: skip
    axes.set_xlim(-0.7, len(names) - 0.3)
    axes.set_ylim(0.0, 1.08)
    axes.set_xlabel("state, and its probability")
    axes.grid(visible=False, axis="x")
    card.upright(axes, "goods paid per bond", 5)
    card.legend(axes, 3)
    return figure


def rates(so_far: SoFar) -> pd.DataFrame:
    """Repayment rates of the last round by state: ``quoted``, and ``realised`` by the orders."""
    posted, book = so_far.posted, so_far.book
    assert isinstance(posted, BondQuotes)
    assert isinstance(book, BondBook)
    return pd.DataFrame({"quoted": posted.repayment_rates, "realised": book.recovery})


def repayment_text(so_far: SoFar) -> str:
    """What is repaid in every state."""
    if not so_far.traded:
        return "What is repaid on a bond in every state, quoted and realised; nobody has traded."
    each = "; ".join(
        f"state {name or 1}: quoted {row.quoted:.4f}, realised {row.realised:.4f}"
        for name, row in zip(
            so_far.parameters.instruments.state_names, rates(so_far).itertuples(), strict=True
        )
    )
    return f"Repayment rates. {each}."


@card.styled()
def security_market_line(so_far: SoFar) -> Figure:
    """Expected return against beta with the market portfolio less the shortfall of promises."""
    from scenarios.bankruptcy import figures

    figure, (axes,) = card.frame(top=0.79)
    state = _state(so_far)
    if state is not None:
        if bool(np.all(state.quadratic)) and not isinstance(state, DefaultState):
            figures.draw_line(axes, state, so_far.parameters.instruments)
        else:
            axes.text(0.5, 0.5, "Only for quadratic utilities\nand bankruptcy", ha="center",
                      transform=axes.transAxes)  # fmt: skip
    axes.margins(x=0.2, y=0.15)
    axes.set_xlabel("beta (market less the shortfall)")
    card.upright(axes, "expected gross return", 5)
    card.legend(axes, 2)
    return figure


def line_text(so_far: SoFar) -> str:
    """Prices at the last rest."""
    state = _state(so_far)
    if state is None:
        return "Expected returns against betas; drawn where the markets rest."
    equities = ", ".join(f"{price:.4f}" for price in state.equity_prices)
    return (
        f"Security market line: every equity lies on it, and the two sides of the bond bracket it."
        f" Bond price {state.bond_price:.4f}; prices of equities {equities}."
    )


def _state(so_far: SoFar) -> State | None:
    """Traders as they stand, or as they stood at the last rest."""
    point = so_far.point
    if point is None and so_far.ends:
        point = so_far.ends[-1].point
    return None if point is None or not len(point.agents) else state_of(so_far.parameters, point)
