"""The page in the browser: Mesa's controls beside a cockpit, the same for every scenario.

Mesa's ``SolaraViz`` steps, plays, pauses and resets a :class:`walras.watched.Watched`, whose
economy is the one that ``walras run`` steps. What belongs to a scenario is declared in its
:class:`simulator.page_plan.Page`. The command ``walras serve`` starts it.
"""

from __future__ import annotations

from pathlib import Path

import solara
from mesa.visualization import SolaraViz
from mesa.visualization.utils import force_update

from simulator import palette
from walras.browser.cockpit import Cockpit
from walras.browser.controls import Meanings, inputs
from walras.catalogue import TITLES, find_or_load
from walras.serving import Asked
from walras.watched import Watched

PLAY_INTERVAL = 250
"""Milliseconds between rounds when the page opens."""

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
