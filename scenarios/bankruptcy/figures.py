"""Figures of bankruptcy economies. Every function returns a new ``Figure`` and keeps nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from markets.bankruptcy.market import BondAndEquities
from scenarios.bankruptcy.credit_risk import summary
from scenarios.bankruptcy.propositions import aggregates
from scenarios.bankruptcy.state import FloatArray, State
from simulator import palette

BORROWER: Final = palette.SHORT
LENDER: Final = palette.LONG
LINES: Final = (palette.PRICE, palette.LONG, palette.SHORT, palette.GOOD, palette.REPO_RATE)
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")

SMALLEST_SHOWN: Final = 1e-17
"""Excess demand, as a share, below which rounding is all there is; drawn at this value."""


def joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Tables of several cohorts as one."""
    return pd.concat(tables, ignore_index=True)


def quotes_by_round(rounds: pd.DataFrame, closed_form: Mapping[str, float] | None) -> Figure:
    """Prices, repayment rates and excess demand by round; the closed form dashed."""
    figure = Figure(figsize=(9.0, 8.4))
    figure.suptitle("Prices and repayment rates find each other", x=0.02, ha="left")
    prices, rates, excess = figure.subplots(3, 1, sharex=True)
    step = np.arange(1, len(rounds) + 1)
    for axes, kinds, title in (
        (prices, ("bond_price", "equity_price"), "Prices (goods at date 0)"),
        (rates, ("repayment_rate",), "Repayment rates quoted (share of the promise)"),
    ):
        names = [c for c in rounds.columns if str(c).startswith(kinds)]
        for k, name in enumerate(names):
            values = rounds[name].to_numpy()
            colour, mark = LINES[k % len(LINES)], MARKERS[k % len(MARKERS)]
            axes.plot(step, values, color=colour, marker=mark, markersize=4, label=_label(name))
            if closed_form and name in closed_form:
                axes.axhline(closed_form[name], color=palette.CLOSED_FORM, ls="--", zorder=1)
        if closed_form and any(name in closed_form for name in names):
            axes.plot([], [], color=palette.CLOSED_FORM, ls="--", label="closed form")
        axes.set_title(title)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    shares = [c for c in rounds.columns if str(c).endswith("_share")]
    for k, name in enumerate(shares):
        size = np.maximum(np.abs(rounds[name].to_numpy()), SMALLEST_SHOWN)
        excess.semilogy(
            step, size, color=LINES[k % len(LINES)], marker=MARKERS[k % len(MARKERS)],
            markersize=3, lw=1.2, label=_label(str(name).removesuffix("_share")),
        )  # fmt: skip
    polished = rounds["polish"].to_numpy() > 0
    if np.any(polished):
        first = int(np.argmax(polished)) + 0.5
        for axes in (prices, rates, excess):
            axes.axvspan(first, len(rounds) + 0.5, color=palette.NEUTRAL[3], zorder=0)
        excess.text(first + 0.1, 1e-2, "polish", color=palette.NEUTRAL[0])
    excess.set_title("Excess demand and expectation errors (share, size)")
    excess.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    excess.set_xlabel("round")
    excess.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def net_trade_diagram(state: State) -> Figure:
    r"""Net trades of a borrower and a lender, as in the source's Figure 1.

    A trade is a net transfer :math:`(\tau_0, \tau_1)` of goods. Sellers of the bond move along
    :math:`(q, -1)`, buyers along :math:`(-q, r)`; the state prices that exclude arbitrage are the
    cone between the normals of the two rays.
    """
    price, rate = state.bond_price, float(state.rates[0])
    borrower = int(np.argmin(state.bond))
    lender = int(np.argmax(state.bond))
    sold, owned = -state.bond[borrower], float(state.resources[borrower, 0])
    size = 1.45 * max(price * sold, sold, 0.1)
    figure = Figure(figsize=(9.0, 8.0))
    bankrupt = sold > owned * (1.0 + 1e-9)
    figure.suptitle(
        f"A bankruptcy equilibrium: {1 - rate:.0%} of the promise is not paid"
        if bankrupt
        else "An equilibrium in which every promise is paid",
        x=0.02,
        ha="left",
    )
    axes = figure.subplots()
    far = 4.0 * size
    axes.fill(
        [0, -price * far, -far, -far, price * far],
        [0, rate * far, rate * far, -far, -far],
        color=palette.NEUTRAL[3], label="transfers that trade can bring about", zorder=0,
    )  # fmt: skip
    axes.fill(
        [0, rate * far, far], [0, price * far, price * far],
        color=palette.tint(palette.HOUSE, 0.35), zorder=0,
        label="state prices without arbitrage",
    )  # fmt: skip
    reach = np.array([0.0, far])
    axes.plot(-price * reach, rate * reach, color=LENDER, lw=1.6, label="lend: (−q, r)")
    axes.plot(price * reach, -reach, color=BORROWER, lw=1.6, label="borrow: (q, −1)")
    now = np.linspace(-size, size, 400)
    for member, colour, name in ((borrower, BORROWER, "borrower"), (lender, LENDER, "lender")):
        t0 = float(state.now[member] - state.endowed_now[member])
        t1 = float(state.later[member, 0] - state.endowed_later[member, 0])
        axes.plot(now, _indifferent(state, member, now), color=colour, lw=1.4, ls=":")
        axes.plot([], [], color=colour, ls=":", label=f"indifference curve of the {name}")
        axes.plot(t0, t1, marker="o", ms=10, color=colour, zorder=5)
        right = t0 < 0.0
        axes.annotate(
            f"{name} plans ({t0:+.3f}, {t1:+.3f})", (t0, t1),
            xytext=(12, 12) if right else (-12, -16), ha="left" if right else "right",
            textcoords="offset points", color=colour, fontweight="bold",
        )  # fmt: skip
    if bankrupt:
        t0 = price * sold
        axes.axhline(-owned, color=BORROWER, lw=1.0, ls="--")
        axes.text(-size * 0.97, -owned, "nothing is left of the borrower's goods", va="bottom",
                  color=BORROWER, fontsize=9)  # fmt: skip
        axes.annotate(
            "", (t0, -owned), xytext=(t0, -sold),
            arrowprops={"arrowstyle": "->", "color": palette.BAD, "lw": 2},
        )  # fmt: skip
        axes.plot(t0, -owned, marker="s", ms=9, mfc="white", mec=BORROWER, mew=2, zorder=5)
        axes.annotate(
            f"what is seized\n({t0:+.3f}, {-owned:+.3f})", (t0, -owned), xytext=(8, 10),
            textcoords="offset points", color=BORROWER,
        )  # fmt: skip
    axes.axhline(0.0, color=palette.INK, lw=0.8)
    axes.axvline(0.0, color=palette.INK, lw=0.8)
    axes.set_xlim(-size, size)
    axes.set_ylim(-size, size)
    axes.set_aspect("equal")
    axes.set_xlabel("net transfer at date 0 (goods)")
    axes.set_ylabel("net transfer at date 1 (goods)")
    axes.set_title(f"bond price q = {price:.4f}, repayment rate r = {rate:.4f}")
    axes.legend(loc="lower left", fontsize=9)
    return figure


def security_market_line(state: State, instruments: BondAndEquities) -> Figure:
    """Expected returns against betas, with the market portfolio corrected and not corrected.

    With the correction every equity lies on the line, and the bond's two sides bracket it; without
    it the line is another one, and equities miss it.
    """
    total = aggregates(state)
    rho = state.probabilities
    names = [f"equity {name}" for name in instruments.equity_names]
    pays = np.column_stack([state.payoffs, state.rates, np.ones_like(state.rates)])
    price = np.concatenate([state.equity_prices, [state.bond_price, state.bond_price]])
    labels = [*names, "bond as lent (pays r)", "bond as owed (pays 1)"]
    returns = pays / price
    expected = rho @ returns
    figure = Figure(figsize=(11.0, 5.4))
    figure.suptitle("The security market line needs the shortfall", x=0.02, ha="left")
    panels = figure.subplots(1, 2, sharey=True)
    cases = (
        (panels[0], total.corrected, "market portfolio less the shortfall of promises"),
        (panels[1], state.goods, "market portfolio as it is endowed"),
    )
    for axes, market, title in cases:
        _line(axes, market, total.weight, total.satiation, rho, returns, expected, labels)
        axes.set_title(title)
        axes.set_xlabel("beta with that portfolio")
    panels[0].set_ylabel("expected gross return")
    panels[0].legend(loc="upper left", fontsize=9)
    return figure


def credit_risk(states: Mapping[float, State]) -> Figure:
    """Default, exposure, recovery and losses as functions of endowment risk."""
    risks = np.array(list(states))
    told = pd.DataFrame([summary(state) for state in states.values()])
    figure = Figure(figsize=(11.0, 7.6))
    figure.suptitle("Credit risk is an outcome: losses grow with endowment risk", x=0.02, ha="left")
    panels = figure.subplots(2, 2, sharex=True)
    (default, exposure), (recovery, losses) = panels
    default.plot(risks, told["probability_of_default"], color=palette.BAD, marker="o")
    default.set_title("Probability that somebody defaults")
    default.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    exposure.plot(risks, told["promised"], color=palette.PRICE, marker="o", label="all promises")
    exposure.plot(
        risks, told["expected_exposure"], color=palette.BAD, marker="s", ls="--",
        label="expected exposure at default",
    )  # fmt: skip
    exposure.set_title("Promises (bonds)")
    exposure.legend()
    price = np.array([state.bond_price for state in states.values()])
    owed, lent = 1.0 / price, told["expected_recovery"].to_numpy() / price
    recovery.plot(risks, owed, color=BORROWER, marker="s", ls="--", label="owed by borrowers")
    recovery.plot(risks, lent, color=LENDER, marker="o", label="expected by lenders")
    recovery.fill_between(
        risks, lent, owed, color=palette.NEUTRAL[3], label="spread: the measure of illiquidity"
    )
    recovery.set_title("Gross return on the bond")
    recovery.legend(loc="best")
    for risk, state in states.items():
        losses.scatter(
            np.full(state.rates.size, risk), 1.0 - state.rates, s=900 * state.probabilities,
            facecolor=palette.tint(palette.BAD, 0.45), edgecolor=palette.BAD, zorder=3,
        )  # fmt: skip
    losses.plot(
        risks, 1.0 - told["expected_recovery"], color=palette.INK, lw=1.5, ls="--", zorder=4,
        label="expected loss",
    )  # fmt: skip
    losses.set_title("Loss per bond, one disc a state (area: probability)")
    losses.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    losses.legend(loc="upper left")
    for axes in (default, exposure):
        axes.set_ylim(0.0, 1.25 * axes.get_ylim()[1])
    for axes in (recovery, losses):
        axes.margins(y=0.25)
    for axes in (recovery, losses):
        axes.set_xlabel("endowment risk at date 1 (1: as given)")
    return figure


def _line(
    axes: Axes,
    market: FloatArray,
    weight: float,
    satiation: float,
    rho: FloatArray,
    returns: FloatArray,
    expected: FloatArray,
    labels: Sequence[str],
) -> None:
    r"""One panel: :math:`E R_j = (\alpha_0 + \beta_j \mathrm{var}\, w) / E g`, Proposition 2."""
    away = market - rho @ market
    variance = float(rho @ (away * away))
    betas = (rho * away) @ returns / variance
    kernel = satiation - rho @ market
    span = np.array([min(0.0, float(np.min(betas))), float(np.max(betas))])
    span = span + np.array([-0.08, 0.12]) * np.ptp(span)
    slope = variance / kernel
    base = weight / kernel
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
    level = first * float(state.now[member]) - 0.5 * missing * missing
    with np.errstate(invalid="ignore"):
        later = second - np.sqrt(2.0 * (first * at0 - level))
    return np.where(at0 >= 0.0, later - float(state.endowed_later[member, 0]), np.nan)


def _label(name: object) -> str:
    return str(name).replace("_", " ").replace("[", " ").replace("]", "")
