"""The page in the browser: Mesa's buttons, the controls and a cockpit, for every scenario.

Mesa's ``SolaraViz`` steps, plays, pauses and resets a :class:`walras.side_by_side.SideBySide`,
whose economy is the one that ``walras run`` steps. What belongs to a scenario is declared in its
:class:`simulator.page_plan.Page`. The command ``walras serve`` starts it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

import solara
from mesa.visualization import SolaraViz
from mesa.visualization.utils import force_update
from reacton import use_exception
from solara.lab import ThemeToggle

from markets.refused import Refused
from simulator import palette
from simulator.outcome import Outcome
from simulator.scenario import Scenario
from walras.browser.cockpit import Cockpit
from walras.browser.controls import Controls, Meanings, first_values
from walras.browser.teaching import Teach
from walras.catalogue import TITLES, find_or_load
from walras.lessons import LESSONS, find_lesson
from walras.serving import Asked
from walras.side_by_side import SideBySide

MOST_SAID = 200
"""Characters of a defect that are shown."""

PLAY_INTERVAL = 250
"""Milliseconds between rounds when the page opens."""

COLOURS = {
    "ink": palette.INK,
    "frame": palette.NEUTRAL[2],
    "unknown": palette.NEUTRAL[3],
    "holds": palette.tint(palette.GOOD, 0.25),
    "fails": palette.tint(palette.BAD, 0.18),
    "house": palette.HOUSE,
    "focus": palette.PRICE,
    "pending": palette.BAD,
}
"""Colours that the style sheet asks for."""


@solara.component
def Page() -> None:
    """The whole page, or what is wrong with it in a sentence."""
    wrong, _ = use_exception()
    solara.use_memo(lambda: wrong and traceback.print_exception(wrong), [wrong])
    if wrong is None:
        Asking().key("asking")
    else:
        said = f"{type(wrong).__name__}: {wrong}"[:MOST_SAID]
        solara.Error(f"{Outcome.DEFECT}: {said}. Open the page anew to go on.").key("wrong")


@solara.component
def Asking() -> None:
    """The market that the page's address asks for, or a sentence."""
    query = solara.use_router().search or ""
    asked = solara.use_memo(lambda: _asked(query), [query])
    solara.Style(f":root {{{''.join(f'--walras-{n}: {c};' for n, c in COLOURS.items())}}}")
    solara.Style(Path(__file__).with_name("page.css"))
    if isinstance(asked, str):
        solara.Title("walras")
        with solara.AppBar():
            solara.AppBarTitle("walras")
            ThemeToggle()
        solara.Error(f"This link can't be opened: {asked}.")
        Scenarios("")
    else:
        Market(*asked).key(query)


@solara.component
def Layout(children: list[Any]) -> None:
    """The frame of the page; on a narrow screen the controls open only when they are asked for."""
    narrow, tell = solara.use_state(False)
    with solara.AppLayout(sidebar_open=not narrow), solara.Div():
        Browser(event_narrow=tell)
        for child in children:
            solara.display(child)


@solara.component_vue("browser.vue")
def Browser(event_narrow: Callable[[bool], None]) -> None:
    """What only the browser knows, and what it tells screen readers beside what it shows."""


@solara.component
def Market(scenario: Scenario[Any], asked: Asked) -> None:
    """A market with its controls."""

    def opened() -> SideBySide:
        return SideBySide(
            scenario,
            asked.seed,
            given,
            asked.beside,
            case=asked.case,
            files=asked.trusted,
            bounds=asked.bounds,
        )

    given = tuple(asked.given.items())
    market = solara.use_memo(lambda: solara.reactive(opened()), [])
    chosen = solara.use_memo(lambda: first_values(market.value), [])
    # Mesa's play button stays off once a model has stopped, so its controls are made anew then:
    # gone for one rendering, back in the next.
    renewed, renew = solara.use_state(0)
    shown, show = solara.use_state(0)
    solara.use_effect(lambda: show(renewed), [renewed])

    def open_with(given: Mapping[str, Any]) -> None:
        """Open another market, with the settings of a step of the lesson."""
        settings = tuple(given.items())
        market.set(
            SideBySide(scenario, asked.seed, settings, files=asked.trusted, bounds=asked.bounds)
        )
        chosen.clear()
        chosen.update(first_values(market.value))
        renew(renewed + 1)

    def announce(value: float | None) -> None:
        if market.value.announce(value):
            renew(renewed + 1)
        force_update()

    solara.Title(f"{asked.lesson or scenario.name} · walras")
    with solara.Div(classes=["walras-hidden"]):  # Mesa's controls place themselves elsewhere
        if shown == renewed:
            SolaraViz(
                market,
                components=[],
                model_params={
                    "what": scenario,
                    "seed": asked.seed,
                    "given": market.value.given,
                    "files": asked.trusted,
                    "bounds": asked.bounds,
                    "controls": MappingProxyType(chosen),  # read anew at every reset
                },
                play_interval=PLAY_INTERVAL,
                name=f"{scenario.name}: {scenario.title.summary}",
            )
    # Solara orders the sidebar by how deeply its parts are nested: Mesa's buttons come first.
    with solara.Div(classes=["walras-hidden"]), solara.Div(), solara.Div():
        Aside(market.value, chosen)
    if asked.lesson:
        Teach(find_lesson(asked.lesson), market.value.first, open_with)
    Cockpit(market.value, announce)


@solara.component
def Aside(markets: SideBySide, chosen: dict[str, Any]) -> None:
    """The parameters, what they mean, and the way to other scenarios."""
    with solara.Sidebar():
        Controls(markets, chosen)
        Meanings(markets.first.what)
        Lessons()
        Scenarios(markets.first.what.name)


@solara.component
def Lessons() -> None:
    """Links to the lessons."""
    rows = "".join(
        f'<p><a href="?lesson={name}">{name}</a>, in {scenario}</p>'
        for name, scenario in LESSONS.items()
    )
    with solara.Div(classes=["walras-meanings"]), solara.Details("Lessons"):
        solara.HTML(tag="div", unsafe_innerHTML=rows)


@solara.component
def Scenarios(here: str) -> None:
    """Links to the pages of all scenarios."""
    rows = "".join(
        f'<p><a href="?scenario={name}"{" aria-current=page" if name == here else ""}>{name}</a>:'
        f" {escape(title.summary)}</p>"
        for name, title in TITLES.items()
    )
    with solara.Div(classes=["walras-meanings"]), solara.Details("Other scenarios"):
        solara.HTML(tag="div", unsafe_innerHTML=rows)


def _asked(query: str) -> tuple[Scenario[Any], Asked] | str:
    """What to show: what ``walras serve`` and the address ask for; a sentence if it can't be."""
    try:
        served = Asked.from_environment(next(iter(TITLES)))
        scenario = find_or_load(served.scenario)
        asked = served.linked(query, scenario.name)
        return (
            scenario if asked.scenario == served.scenario else find_or_load(asked.scenario)
        ), asked
    except Refused as error:
        return str(error)
