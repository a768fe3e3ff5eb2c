"""The cockpit: status, announcement, panels and certificate of what is watched."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import solara
from matplotlib.figure import Figure
from mesa.visualization.utils import update_counter

from walras import panels
from walras.browser.balance_sheet import balances
from walras.browser.certificate import certificate
from walras.watched import Watched

SHARPNESS = 140
"""Dots per inch of the panels; they are shown at about 85, so text stays sharp on a projector."""


@solara.component
def Cockpit(watched: Watched, announce: Callable[[float | None], None]) -> None:
    """Status, announcement, panels and certificate of what is watched."""
    update_counter.get()
    version = (watched, watched.steps, watched.date, watched.problem)
    if watched.problem:
        solara.Error(watched.problem)
    if watched.economy is None:
        return
    with solara.Div(classes=["walras-top"]):
        solara.HTML(tag="div", unsafe_innerHTML=_status(watched))
        if watched.page.announcement is not None or watched.announcing:
            Announce(watched, announce).key(f"announce {id(watched)} {watched.date}")
    with solara.Div(classes=["walras-cockpit"]):
        Panel("Quotes", panels.quotes, watched, version)
        if watched.page.line is not None:
            Panel("Positions", panels.positions, watched, version)
        Panel("Excess demand", panels.excess, watched, version)
        if watched.page.accounts:
            Panel("Clearing house", panels.amounts, watched, version, balances(watched))
        with solara.Div(classes=["walras-card", "walras-certificate"]):
            solara.HTML(tag="div", unsafe_innerHTML=certificate(watched))


@solara.component
def Panel(
    title: str,
    draw: Callable[[Watched], Figure],
    watched: Watched,
    version: tuple[Any, ...],
    below: str = "",
) -> None:
    """A figure on a card, drawn again when the version changes."""
    figure = solara.use_memo(lambda: draw(watched), [version])
    with solara.Div(classes=["walras-card"]):
        solara.HTML(tag="h2", unsafe_innerHTML=escape(title))
        solara.FigureMatplotlib(figure, dependencies=[version], format="png", dpi=SHARPNESS)
        if below:
            solara.HTML(tag="div", unsafe_innerHTML=below)


@solara.component
def Announce(watched: Watched, announce: Callable[[float | None], None]) -> None:
    """The control that changes a term in the running market."""
    update_counter.get()
    control = watched.page.announcement
    value, choose = solara.use_state(watched.planned)
    with solara.Div(classes=["walras-announce"]):
        if control is None or value is None:
            label = "Announce what comes next"
        else:
            label = f"Announce {control.label} {value:g}"
            solara.SliderFloat(
                "",
                value=value,
                on_value=lambda chosen: choose(round(chosen, 9)),
                min=control.low,
                max=control.high,
                step=control.step,
            )
        solara.Button(
            label,
            color="primary",
            on_click=lambda: announce(value),
            disabled=not watched.announcing,
        )


def _status(watched: Watched) -> str:
    """Date, round, state and quotes in a line."""
    economy = watched.economy
    assert economy is not None
    state = "open" if economy.round == 0 else "trading"
    if watched.outcome is not None:
        sound = watched.certificate is not None and watched.certificate.holds
        state = f"{watched.outcome}{' and certified' if sound else ''}"
    parts = [f"date <b>{watched.date}</b>"]
    control = watched.page.announcement
    if control is not None and watched.term is not None:
        parts.append(f"{escape(control.label)} <b>{watched.term:g}</b>")
    parts += [f"round <b>{economy.round}</b>", f"<b>{escape(state)}</b>"]
    for curve in watched.curves:
        closed = watched.closed_forms.get(watched.date, {}).get(curve.quote)
        beside = (
            "" if closed is None or curve.name else f" (closed form {curve.scale * closed:.6f})"
        )
        value = round(curve.scale * economy.quotes[curve.quote], 9) + 0.0
        unit = "%" if curve.unit.startswith("percent") else ""
        parts.append(f"{escape(curve.name or curve.label)} <b>{value:.7f}{unit}</b>{beside}")
    if watched.end is not None and "certified" not in state:
        parts.append(escape(f"{watched.end.reason} {watched.end.outcome.advice}".strip()))
    return (
        '<div class="walras-status">' + "".join(f"<span>{each}</span>" for each in parts) + "</div>"
    )
