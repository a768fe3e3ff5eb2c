"""The page in the browser: Mesa's controls beside a cockpit, the same for every scenario.

Mesa's ``SolaraViz`` steps, plays, pauses and resets a :class:`walras.watched.Watched`, whose
economy is the one that ``walras run`` steps. What belongs to a scenario is declared in its
:class:`simulator.page_plan.Page`. This is the only module that needs the extra ``browser``; the
command ``walras serve`` starts it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import solara
from matplotlib.figure import Figure
from mesa.visualization import SolaraViz
from mesa.visualization.utils import force_update, update_counter

from simulator import palette
from simulator.page_plan import Control, Picture
from simulator.parameters import ParameterHelp, declared
from simulator.scenario import Scenario
from walras import panels
from walras.catalogue import TITLES, find_or_load
from walras.serving import Asked
from walras.watched import Watched

PLAY_INTERVAL = 250
"""Milliseconds between rounds when the page opens."""

SHARPNESS = 140
"""Dots per inch of the panels; they are shown at about 85, so text stays sharp on a projector."""

BALANCED = 1e-9
"""Largest balance of the clearing house, as a share of its amounts, that counts as zero."""

COLOURS = {
    "ink": palette.INK,
    "frame": palette.NEUTRAL[2],
    "unknown": palette.NEUTRAL[3],
    "holds": palette.tint(palette.GOOD, 0.25),
    "fails": palette.tint(palette.BAD, 0.18),
}
"""Colours that the style sheet asks for."""


@solara.component
def Page() -> None:
    """The whole page."""
    asked = solara.use_memo(_asked, [])
    scenario = find_or_load(asked.scenario)
    given = tuple(asked.given.items())
    market = solara.use_memo(lambda: solara.reactive(Watched(scenario, asked.seed, given)), [])
    # Mesa's play button stays off once a model has stopped, so its controls are made anew then:
    # gone for one rendering, back in the next.
    renewed, renew = solara.use_state(0)
    shown, show = solara.use_state(0)
    solara.use_effect(lambda: show(renewed), [renewed])

    def announce(value: float | None) -> None:
        if market.value.announce(value):
            renew(renewed + 1)
        force_update()

    solara.Title(f"{scenario.name} · walras")
    solara.Style(f":root {{{''.join(f'--walras-{n}: {c};' for n, c in COLOURS.items())}}}")
    solara.Style(Path(__file__).with_name("page.css"))
    with solara.Div(classes=["walras-hidden"]):  # Mesa's controls place themselves elsewhere
        if shown == renewed:
            SolaraViz(
                market,
                components=[],
                model_params={
                    "what": scenario,
                    "seed": asked.seed,
                    "given": given,
                    **inputs(market.value),
                },
                play_interval=PLAY_INTERVAL,
                name=f"{scenario.name}: {scenario.title.summary}",
            )
    with solara.Sidebar():
        Meanings(scenario)
    Cockpit(market.value, announce)


def _asked() -> Asked:
    """What to show: what ``walras serve`` asked for, or the first scenario."""
    return Asked.from_environment(next(iter(TITLES)))


# ---------------------------------------------------------------------- controls
def inputs(watched: Watched) -> dict[str, dict[str, Any]]:
    """Mesa's inputs for the controls of a scenario, set to the values that are watched."""
    known = {item.name: item for item in declared(watched.what.parameters)}
    found = {}
    for control in watched.page.controls:
        made = _input(control, known[control.parameter], watched.first(control))
        if made is not None:
            found[control.parameter] = made
    cases = watched.cases
    if len(cases) > 1:
        found["case"] = {
            "type": "Select",
            "label": watched.page.case_label,
            "value": watched.chosen or cases[0],
            "values": cases,
        }
    return found


def _input(control: Control, declaration: ParameterHelp, value: Any) -> dict[str, Any] | None:
    """One input; None where the value is a list that no single number stands for."""
    label = control.label or declaration.name.replace("_", " ")
    if declaration.unit:
        label += f" ({declaration.unit})"
    choices = list(control.choices or declaration.choices)
    if choices:
        values = choices if value in choices else [*choices, value]
        return {"type": "Select", "label": label, "value": value, "values": values}
    if not control.slider:
        text = value if isinstance(value, str) else json.dumps(value)
        return {"type": "InputText", "label": label, "value": text}
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    assert control.low is not None
    assert control.high is not None
    whole = isinstance(declaration.default, int)
    return {
        "type": "SliderInt" if whole else "SliderFloat",
        "label": f"{label}, {control.low:g} to {control.high:g}",
        "value": value,
        "min": min(control.low, value),
        "max": max(control.high, value),
        "step": control.step,
    }


@solara.component
def Meanings(scenario: Scenario[Any]) -> None:
    """What the parameters mean and may be."""
    rows = "".join(
        f"<p><b>{escape(item.name)}</b>{f' ({escape(item.unit)})' if item.unit else ''}:"
        f" {escape(item.meaning)}; {escape(item.allowed)}</p>"
        for item in declared(scenario.parameters)
    )
    with (
        solara.Div(classes=["walras-meanings"]),
        solara.Details("What the parameters mean"),
    ):
        solara.HTML(tag="div", unsafe_innerHTML=rows)


# ---------------------------------------------------------------------- the cockpit
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
        if watched.announcement is not None or watched.announcing:
            Announce(watched, announce).key(f"announce {id(watched)} {watched.date}")
    with solara.Div(classes=["walras-cockpit"]):
        for picture in watched.page.pictures:
            Story(picture, watched, version).key(picture.title)
        Panel("Quotes", panels.quotes, watched, version)
        if watched.page.line is not None:
            Panel("Positions", panels.positions, watched, version)
        Panel("Excess demand", panels.excess, watched, version)
        if watched.page.accounts:
            Panel("Clearing house", panels.amounts, watched, version, _balances(watched))
        with solara.Div(classes=["walras-card", "walras-certificate"]):
            solara.HTML(tag="div", unsafe_innerHTML=_certificate(watched))


@solara.component
def Panel(
    title: str,
    draw: Callable[[Watched], Figure],
    watched: Watched,
    version: tuple[Any, ...],
    below: str = "",
    text: str = "",
) -> None:
    """A figure on a card, with a text for those who can't see it; drawn again when changed."""
    figure = solara.use_memo(lambda: draw(watched), [version])
    with solara.Div(classes=["walras-card"]):
        solara.HTML(tag="h2", unsafe_innerHTML=escape(title))
        seen_as = {"role": "img", "aria-label": text} if text else {}
        with solara.v.Html(tag="div", attributes=seen_as):
            solara.FigureMatplotlib(figure, dependencies=[version], format="png", dpi=SHARPNESS)
        if below:
            solara.HTML(tag="div", unsafe_innerHTML=below)


@solara.component
def Story(picture: Picture, watched: Watched, version: tuple[Any, ...]) -> None:
    """A picture of the scenario's own, with its text for those who can't see it."""
    so_far = watched.so_far
    assert so_far is not None
    text = solara.use_memo(lambda: picture.says(so_far), [version])
    Panel(picture.title, lambda _: picture.draw(so_far), watched, version, text=text)


@solara.component
def Announce(watched: Watched, announce: Callable[[float | None], None]) -> None:
    """The control that changes a term in the running market."""
    update_counter.get()
    control = watched.announcement
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
    control = watched.announcement
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


def _balances(watched: Watched) -> str:
    """The clearing house's balance sheet as a table: amounts, and balances that are zero."""
    settlement = None if watched.economy is None else watched.economy.settlement
    accounts = {} if settlement is None else settlement.accounts()
    scale = max(
        [abs(accounts[each.column]) for each in watched.page.accounts if each.column in accounts]
        or [1.0]
    )
    rows = []
    for account in watched.page.accounts:
        value = accounts.get(account.column)
        if value is None:
            kind, shown = "unknown", ""
        elif account.kind == "amount":
            kind, shown = "amount", f"{value:,.2f}"
        else:
            holds = abs(value) <= BALANCED * scale
            kind, shown = ("holds", f"{value:.1e} ✓") if holds else ("fails", f"{value:.1e} ✗")
        rows.append(
            f'<tr class="{kind}"><td>{escape(account.label)} ({escape(account.unit)})</td>'
            f'<td class="number">{shown}</td></tr>'
        )
    return f'<table class="walras-table">{"".join(rows)}</table>'


def _certificate(watched: Watched) -> str:
    """The certificate as a table: green where a condition holds, wine red where it fails."""
    head = "<h2>Certificate</h2>"
    if watched.certificate is None:
        return (
            f'{head}<table class="walras-table"><tr class="unknown"><td>Nothing to certify yet:'
            " a certificate is made when traders have taken positions.</td></tr></table>"
        )
    rows = []
    for each in watched.certificate.conditions:
        kind, sign, residual = "unknown", "·", ""
        if watched.current:
            kind, sign = ("holds", "✓") if each.holds else ("fails", "✗")
            residual = f"{each.residual + 0.0:.1e}"
        rows.append(
            f'<tr class="{kind}" title="{escape(each.meaning)}"><td>{sign}</td>'
            f'<td>{escape(each.name)}</td><td class="number">{residual}</td></tr>'
        )
    return (
        f'{head}<table class="walras-table"><tr><th></th><th>condition</th>'
        f'<th class="number">residual</th></tr>{"".join(rows)}</table>'
    )
