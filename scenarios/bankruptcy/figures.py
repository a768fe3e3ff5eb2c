"""Figures of bankruptcy economies. Every function returns a new ``Figure`` and keeps nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from markets.bankruptcy.instruments import BondAndEquities, numbered
from markets.quote import FloatArray
from scenarios.bankruptcy.propositions import aggregates
from scenarios.bankruptcy.state import State
from scenarios.bankruptcy.welfare import AS_GIVEN, NO_DEFAULT
from simulator import palette
from simulator.outcome import Outcome

BORROWER: Final = palette.SHORT
LENDER: Final = palette.LONG
LINES: Final = (palette.PRICE, palette.LONG, palette.SHORT, palette.GOOD, palette.REPO_RATE)
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")

ON_WHITE: Final = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0}
"""Ground of a label that may lie on lines."""

PAID: Final = 1e-9
"""Share of a promise that counts as rounding, not as a default."""


def titled(outcome: Outcome, at_equilibrium: str) -> str:
    """A title that is true of the run: what the figure shows is an equilibrium, or it is not."""
    return at_equilibrium if outcome is Outcome.CLEARED else f"No equilibrium ({outcome})"


LABELS: Final = {
    "reachable": "transfers that trade can bring about",
    "prices": "state prices without arbitrage",
    "lend": "lend (solid): (−q, r)",
    "borrow": "borrow (dash-dotted): (q, −1)",
    "indifference": "indifference curve of the",
}
"""Names of what the diagram of net trades shows."""


def net_trade_diagram(state: State, outcome: Outcome) -> Figure:
    r"""Net trades of a borrower and a lender, as in the source's Figure 1.

    A trade is a net transfer :math:`(\tau_0, \tau_1)` of goods. Sellers of the bond move along
    :math:`(q, -1)`, buyers along :math:`(-q, r)`; the state prices that exclude arbitrage are the
    cone between the normals of the two rays.
    """
    price, rate = state.bond_price, float(state.rates[0])
    figure = Figure(figsize=(9.0, 8.0))
    axes = figure.subplots()
    bankrupt = draw_net_trades(axes, state, LABELS)
    paid = f"A bankruptcy equilibrium: {1 - rate:.0%} of the promise is not paid"
    title = paid if bankrupt else "An equilibrium in which every promise is paid"
    figure.suptitle(titled(outcome, title), x=0.02, ha="left")
    axes.set_xlabel("net transfer at date 0 (goods)")
    axes.set_ylabel("net transfer at date 1 (goods)")
    axes.set_title(f"bond price q = {price:.4f}, repayment rate r = {rate:.4f}")
    axes.legend(loc="lower left", fontsize=9)
    return figure


def draw_net_trades(
    axes: Axes, state: State, labels: Mapping[str, str], *, annotated: bool = True
) -> bool:
    """The diagram itself, with names of what it shows; returns whether the borrower is bankrupt.

    Without annotations what is planned and what is seized is named in the legend.
    """
    price, rate = state.bond_price, float(state.rates[0])
    borrower = int(np.argmin(state.bond))
    lender = int(np.argmax(state.bond))
    sold, owned = -state.bond[borrower], float(state.resources[borrower, 0])
    size = 1.45 * max(price * sold, sold, 0.1)
    bankrupt = bool(sold > owned * (1.0 + PAID))
    far = 4.0 * size
    axes.fill(
        [0, -price * far, -far, -far, price * far],
        [0, rate * far, rate * far, -far, -far],
        color=palette.NEUTRAL[3], label=labels["reachable"], zorder=0,
    )  # fmt: skip
    axes.fill(
        [0, rate * far, far], [0, price * far, price * far],
        color=palette.tint(palette.HOUSE, 0.35), zorder=0,
        label=labels["prices"],
    )  # fmt: skip
    reach = np.array([0.0, far])
    axes.plot(-price * reach, rate * reach, color=LENDER, lw=1.6, label=labels["lend"])
    axes.plot(price * reach, -reach, color=BORROWER, lw=1.6, ls="-.", label=labels["borrow"])
    now = np.linspace(-size, size, 400)
    other = "lender" if state.bond[lender] > 0.0 else "other investor"  # off equilibrium
    for member, colour, name, dash, mark in (
        (borrower, BORROWER, "borrower", (0, (1, 3)), "v"),
        (lender, LENDER, other, (0, (1, 1)), "o"),
    ):
        t0 = float(state.now[member] - state.endowed_now[member])
        t1 = float(state.later[member, 0] - state.endowed_later[member, 0])
        curve = _indifferent(state, member, now)
        plans = None if annotated else f"{name} plans"
        axes.plot(t0, t1, marker=mark, ms=10 if annotated else 7, color=colour, zorder=5,
                  ls="none", label=plans)  # fmt: skip
        label = f"{labels['indifference']} {name}" if annotated else None
        axes.plot(now, curve, color=colour, lw=1.4, ls=dash, label=label)
        if annotated:
            right = t0 < 0.0
            axes.annotate(
                f"{name} plans ({t0:+.3f}, {t1:+.3f})", (t0, t1),
                xytext=(12, 12) if right else (-12, -16), ha="left" if right else "right",
                textcoords="offset points", color=colour, fontweight="bold", bbox=ON_WHITE,
            )  # fmt: skip
    if bankrupt:
        _draw_seizure(axes, price * sold, owned, sold, size, annotated=annotated)
    axes.axhline(0.0, color=palette.INK, lw=0.8)
    axes.axvline(0.0, color=palette.INK, lw=0.8)
    axes.set_xlim(-size, size)
    axes.set_ylim(-size, size)
    axes.set_aspect("equal")
    return bankrupt


def _draw_seizure(
    axes: Axes, t0: float, owned: float, sold: float, size: float, *, annotated: bool
) -> None:
    """What is seized of a borrower who promised more than it has."""
    nothing = "nothing is left of the borrower's goods" if annotated else None
    axes.axhline(-owned, color=BORROWER, lw=1.0, ls="--", label=nothing)
    axes.annotate(
        "", (t0, -owned), xytext=(t0, -sold),
        arrowprops={"arrowstyle": "->", "color": palette.BAD, "lw": 2},
    )  # fmt: skip
    axes.plot(t0, -owned, marker="s", ms=9 if annotated else 7, mfc="white", mec=BORROWER, mew=2,
              zorder=5, ls="none", label=None if annotated else "seized")  # fmt: skip
    if annotated:
        axes.annotate(
            f"what is seized\n({t0:+.3f}, {-owned:+.3f})", (t0, -owned), xytext=(-9, 9),
            textcoords="offset points", color=BORROWER, ha="right", bbox=ON_WHITE,
        )  # fmt: skip


def security_market_line(state: State, instruments: BondAndEquities, outcome: Outcome) -> Figure:
    """Expected returns against betas, with the market portfolio corrected and not corrected.

    With the correction every equity lies on the line, and the bond's two sides bracket it; without
    it the line is another one, and equities miss it.
    """
    total = aggregates(state)
    figure = Figure(figsize=(11.0, 5.4))
    shortfall = float(np.max(1.0 - state.rates)) * state.promises > PAID
    title = (
        "The security market line holds with the shortfall of promises, not without it"
        if shortfall
        else "The security market line where every promise is paid"
    )
    figure.suptitle(titled(outcome, title), x=0.02, ha="left")
    panels = figure.subplots(1, 2, sharey=True)
    cases = (
        (panels[0], total.corrected, "market portfolio less the shortfall of promises"),
        (panels[1], state.goods, "market portfolio as it is endowed"),
    )
    for axes, market, title in cases:
        draw_line(axes, state, instruments, market)
        axes.set_title(title)
        axes.set_xlabel("beta with that portfolio")
    panels[0].set_ylabel("expected gross return")
    panels[0].legend(loc="upper left", fontsize=9)
    return figure


def credit_risk(table: pd.DataFrame, instruments: BondAndEquities) -> Figure:
    """Default, exposure, recovery and losses over endowment risk, one row of the table per risk."""
    risks = table["endowment_risk"].to_numpy()
    figure = Figure(figsize=(11.0, 7.6))
    figure.suptitle("Credit risk as an outcome of endowment risk", x=0.02, ha="left")
    panels = figure.subplots(2, 2, sharex=True)
    (default, exposure), (returns, losses) = panels
    default.plot(risks, table["probability_of_default"], color=palette.BAD, marker="o")
    default.set_title("Probability that somebody defaults")
    default.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    exposure.plot(risks, table["promised"], color=palette.PRICE, marker="o", label="all promises")
    exposure.plot(
        risks, table["expected_exposure"], color=palette.BAD, marker="s", ls="--",
        label="expected exposure at default",
    )  # fmt: skip
    exposure.set_title("Promises (bonds)")
    exposure.legend()
    price = table["bond_price"].to_numpy()
    owed, lent = 1.0 / price, table["expected_recovery"].to_numpy() / price
    returns.plot(risks, owed, color=BORROWER, marker="s", ls="--", label="owed by borrowers")
    returns.plot(risks, lent, color=LENDER, marker="o", label="expected by lenders")
    returns.fill_between(
        risks, lent, owed, color=palette.NEUTRAL[3], label="spread: the measure of illiquidity"
    )
    returns.set_title("Gross return on the bond")
    returns.legend(loc="best")
    for name, probability in zip(instruments.state_names, instruments.probabilities, strict=True):
        losses.scatter(
            risks, 1.0 - table[numbered("repayment_rate", name)], s=900 * probability,
            facecolor=palette.tint(palette.BAD, 0.45), edgecolor=palette.BAD, zorder=3,
        )  # fmt: skip
    losses.plot(
        risks, 1.0 - table["expected_recovery"], color=palette.INK, lw=1.5, ls="--", zorder=4,
        label="expected loss",
    )  # fmt: skip
    losses.set_title("Loss per bond, one disc per state (area: probability)")
    losses.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    losses.legend(loc="upper left")
    for axes in (default, exposure):
        axes.set_ylim(0.0, 1.25 * axes.get_ylim()[1])
    for axes in (returns, losses):
        axes.margins(y=0.25)
        axes.set_xlabel("endowment risk at date 1 (1: as given)")
    return figure


def welfare_figure(table: pd.DataFrame) -> Figure:
    """What every cohort gains over an economy without borrowing, with bankruptcy and without."""
    by = table.pivot(index="cohort", columns="credit", values="gain_in_goods")
    names = list(dict.fromkeys(table["cohort"]))
    limit = float(table["short_limit"][table["credit"] == NO_DEFAULT].iloc[0])
    figure = Figure(figsize=(9.0, 5.0))
    axes = figure.subplots()
    place = np.arange(len(names))
    for k, (credit, colour, hatch, label) in enumerate(
        (
            (NO_DEFAULT, palette.GOOD, "", f"largest short limit without default: {limit:.4g}"),
            (AS_GIVEN, palette.BAD, "//", "as given, with bankruptcy"),
        )
    ):
        bars = axes.bar(
            place + 0.4 * (k - 0.5), by[credit][names], width=0.36, color=palette.tint(colour, 0.6),
            edgecolor=colour, hatch=hatch, label=label,
        )  # fmt: skip
        axes.bar_label(bars, fmt="%.4g", padding=2, fontsize=9)
    axes.axhline(0.0, color=palette.INK, lw=0.8)
    axes.set_xticks(place, names)
    axes.margins(y=0.2)
    axes.set_ylabel("gain over no borrowing (goods at date 0)")
    better = by[AS_GIVEN] - by[NO_DEFAULT]
    gains, losses = int((better > PAID).sum()), int((better < -PAID).sum())
    verdict = f"{gains} of {len(names)} cohorts gain by bankruptcy, {losses} lose"
    if not gains + losses:
        verdict = "Nobody defaults: bankruptcy changes nothing"
    figure.suptitle(verdict, x=0.02, ha="left")
    axes.legend(loc="best", fontsize=9)
    return figure


def draw_line(
    axes: Axes, state: State, instruments: BondAndEquities, market: FloatArray | None = None
) -> None:
    r"""One panel: :math:`E R_j = (\alpha_0 + \beta_j \mathrm{var}\, w) / E g`, Proposition 2.

    The market portfolio is that less the shortfall of promises, unless given.
    """
    total, rho = aggregates(state), state.probabilities
    market = total.corrected if market is None else market
    names = [f"equity {name}" for name in instruments.equity_names]
    pays = np.column_stack([state.payoffs, state.rates, np.ones_like(state.rates)])
    price = np.concatenate([state.equity_prices, [state.bond_price, state.bond_price]])
    labels = [*names, "bond as lent (pays r)", "bond as owed (pays 1)"]
    returns = pays / price
    expected = rho @ returns
    away = market - rho @ market
    variance = float(rho @ (away * away))
    betas = (rho * away) @ returns / variance
    kernel = total.satiation - rho @ market
    span = np.array([min(0.0, float(np.min(betas))), float(np.max(betas))])
    span = span + np.array([-0.08, 0.12]) * np.ptp(span)
    slope = variance / kernel
    base = total.weight / kernel
    axes.plot(
        span, base + span * slope, color=palette.CLOSED_FORM, ls="--",
        label="security market line",
    )  # fmt: skip
    for k, (beta, value, label) in enumerate(zip(betas, expected, labels, strict=True)):
        gap = value - (base + beta * slope)
        colour = LINES[k % len(LINES)]
        axes.plot(beta, value, marker=MARKERS[k % len(MARKERS)], ms=9, color=colour, ls="",
                  label=label)  # fmt: skip
        axes.annotate(
            f"{1e4 * gap:+.1f} bp", (beta, value), xytext=(9, -13), textcoords="offset points",
            color=colour, fontsize=9,
        )  # fmt: skip


def _indifferent(state: State, member: int, now: FloatArray) -> FloatArray:
    """Transfers at date 1 that leave a member as well off as its choice, over those at date 0."""
    first, second = float(state.first[member]), float(state.second[member])
    at0 = float(state.endowed_now[member]) + now
    missing = second - float(state.later[member, 0])
    both = np.broadcast_to(state.quadratic_now, state.members)[member]

    def value_now(consumed: FloatArray) -> FloatArray:
        return -0.5 * first * (second - consumed) ** 2 if both else first * consumed

    level = value_now(state.now[member]) - 0.5 * missing * missing
    with np.errstate(invalid="ignore"):
        later = second - np.sqrt(2.0 * (value_now(at0) - level))
    return np.where(at0 >= 0.0, later - float(state.endowed_later[member, 0]), np.nan)
