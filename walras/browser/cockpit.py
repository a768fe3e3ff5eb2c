"""The cockpit: status, announcement, timeline, panels and certificate of what is watched."""

from __future__ import annotations

import io
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from html import escape
from typing import Any

import solara
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mesa.visualization.utils import force_update, update_counter
from solara.lab import use_task

from simulator import card
from walras import alternative_text, panels, takeaway
from walras.browser.balance_sheet import balances
from walras.browser.certificate import certificate
from walras.moment import Moment
from walras.side_by_side import SideBySide
from walras.watched import Watched

SHARPNESS = 120
"""Dots per inch of the panels; they are shown at about 85, so text stays sharp on a projector."""

SHOWN_EVERY = 0.5
"""Seconds between two pictures of a market that goes to rest without a pause."""

FIRST_QUOTES = 6
"""Quotes that the line of status has; more of them are in a list below it."""


@solara.component
def Cockpit(markets: SideBySide, announce: Callable[[float | None], None]) -> None:
    """Everything about the moment that is looked at, now or a date before, of every market."""
    update_counter.get()
    first = markets.first
    past, look_at = solara.use_state((markets, first.date, first.date))
    # another market or another date begins: what was looked at is over
    date = past[2] if past[:2] == (markets, first.date) else first.date
    version = (date, *((each, each.steps, each.date, each.problem) for each in markets.watched))
    seen = solara.use_memo(
        lambda: [
            (each, each.at(min(date, each.date)))
            for each in markets.watched
            if each.economy is not None
        ],
        [version],
    )
    for problem in filter(None, (markets.problem, *(each.problem for each in markets.watched))):
        solara.Error(problem)
    if not seen or seen[0][0] is not first:
        return
    with solara.Div(classes=["walras-top"]):
        solara.HTML(
            tag="div",
            unsafe_innerHTML="".join(
                _status(watched, moment, markets.label(watched)) for watched, moment in seen
            ),
            attributes={"role": "status", "aria-live": "polite"},
        )
        if first.announcement is not None or first.announcing:
            Announce(first, announce).key(f"announce {id(first)} {first.date}")
    with solara.Div(classes=["walras-tools"]):
        Hurry(markets).key(f"hurry {id(markets)}")
        Timeline(first, seen[0][1], lambda chosen: look_at((markets, first.date, chosen)))
        TakeAway(first, markets.beside)
    with solara.Div(classes=["walras-beside"] if len(seen) > 1 else []):
        for watched, moment in seen:
            Cards(watched, moment, version, markets.label(watched)).key(f"cards {id(watched)}")


@solara.component
def Cards(watched: Watched, moment: Moment, version: tuple[Any, ...], label: str) -> None:
    """The pictures and tables of a market."""
    with solara.Div():
        if label:
            with solara.Div(classes=["walras-tools"]):
                solara.HTML(tag="h2", unsafe_innerHTML=escape(label))
        with solara.Div(classes=["walras-cockpit"]):
            for picture in watched.page.pictures:
                Panel(picture.title, picture.draw, picture.says, moment, version).key(picture.title)
            Panel("Quotes", panels.quotes, alternative_text.quotes, moment, version)
            if moment.line is not None:
                Panel("Positions", panels.positions, alternative_text.positions, moment, version)
            Panel("Excess demand", panels.excess, alternative_text.excess, moment, version)
            if moment.lines:
                with solara.Div(classes=["walras-card"]):
                    solara.HTML(tag="h2", unsafe_innerHTML="Clearing house")
                    Scroll("Balance sheet", balances(moment))
            with solara.Div(classes=["walras-card", "walras-certificate"]):
                solara.HTML(tag="h2", unsafe_innerHTML="Certificate")
                Scroll("Certificate", certificate(moment))


@solara.component
def Scroll(name: str, table: str) -> None:
    """A table that scrolls on its card, by keyboard too."""
    solara.HTML(
        tag="div",
        unsafe_innerHTML=table,
        classes=["walras-scroll"],
        attributes={"tabindex": "0", "role": "region", "aria-label": name},
    )


@solara.component
def Panel(
    title: str,
    draw: Callable[[Moment], Figure],
    describe: Callable[[Moment], str],
    moment: Moment,
    version: tuple[Any, ...],
) -> None:
    """A picture on a card, drawn again when the version changes."""
    with solara.Div(classes=["walras-card"]):
        solara.HTML(tag="h2", unsafe_innerHTML=escape(title))
        Drawn(draw, describe, moment, version)


@solara.component
def Drawn(
    draw: Callable[[Moment], Figure],
    describe: Callable[[Moment], str],
    moment: Moment,
    version: tuple[Any, ...],
) -> None:
    """A figure as a picture, with a text that says what is on it."""

    def picture() -> str:
        written = io.BytesIO()
        with card.styled():
            canvas = FigureCanvasAgg(draw(moment))
            canvas.figure.set_dpi(SHARPNESS)
            canvas.print_png(written, pil_kwargs={"compress_level": 1})  # savefig would draw twice
        return f"data:image/png;base64,{b64encode(written.getvalue()).decode()}"

    source = solara.use_memo(picture, [version])
    solara.HTML(tag="img", attributes={"src": source, "alt": describe(moment)})


@solara.component
def Hurry(markets: SideBySide) -> None:
    """A button that plays the markets to rest without a pause between rounds, and stops it."""
    going, go = solara.use_state(False)
    keep_on = solara.use_memo(threading.Event, [])

    def play() -> None:
        seen = time.monotonic()
        while going and keep_on.is_set() and markets.running:
            markets.step()
            if time.monotonic() - seen > SHOWN_EVERY:
                force_update()
                seen = time.monotonic()
        if going:
            force_update()
            go(False)

    use_task(play, dependencies=[going], prefer_threaded=True)

    def toggle() -> None:
        if going:
            keep_on.clear()
        else:
            keep_on.set()
        go(not going)

    update_counter.get()
    solara.Button(
        "Stop" if going else "To rest",
        color="primary",
        outlined=True,
        small=True,
        on_click=toggle,
        disabled=not markets.running,
    )


@solara.component
def Timeline(watched: Watched, moment: Moment, look_at: Callable[[int], None]) -> None:
    """The dates so far, each of which can be looked at again."""
    if watched.date == 1:
        return
    with solara.Div(classes=["walras-timeline"]):
        solara.SliderInt(
            f"date shown, 1 to {watched.date}",
            value=moment.date,
            on_value=look_at,
            min=1,
            max=watched.date,
        )
        solara.Button(
            "Now",
            color="primary",
            outlined=True,
            small=True,
            on_click=lambda: look_at(watched.date),
            disabled=not moment.past,
        )


@solara.component
def TakeAway(watched: Watched, beside: str) -> None:
    """Tables and parameters of a market to download, and a link to what is shown."""
    update_counter.get()
    name = takeaway.file_name(watched)
    with solara.Div(classes=["walras-takeaway"]):
        with solara.FileDownload(
            lambda: takeaway.tables(watched), f"{name}.zip", mime_type="application/zip"
        ):
            solara.Button("Tables (CSV)", outlined=True, small=True)
        with solara.FileDownload(
            lambda: takeaway.toml(watched), f"{name}.toml", mime_type="application/toml"
        ):
            solara.Button("Parameters (TOML)", outlined=True, small=True)
        solara.HTML(
            tag="a",
            unsafe_innerHTML="Link to this market",
            attributes={
                "href": takeaway.link(watched, beside),
                "target": "_blank",
                "rel": "noopener",
            },
        )


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
                f"{control.label} to announce",
                value=value,
                on_value=lambda chosen: choose(round(chosen, 9)),
                min=min(control.low, value),
                max=max(control.high, value),
                step=control.step,
            )
        solara.Button(
            label,
            color="primary",
            on_click=lambda: announce(value),
            disabled=not watched.announcing,
        )


def _status(watched: Watched, moment: Moment, label: str) -> str:
    """Date, round, state and quotes in a line, after what sets the market apart."""
    parts = [f"<b>{escape(label)}</b>"] if label else []
    parts += [f"date <b>{moment.date}</b>"]
    if moment.past:
        parts[-1] += f" (as it was left; the market is at date {watched.date})"
    control = watched.announcement
    if control is not None and moment.term is not None:
        parts.append(f"{escape(control.label)} <b>{moment.term:g}</b>")
    parts += [f"round <b>{moment.round}</b>", f"<b>{escape(moment.state)}</b>"]
    for curve in moment.curves[:FIRST_QUOTES]:
        closed = moment.closed_forms.get(moment.date, {}).get(curve.quote)
        beside = (
            "" if closed is None or curve.name else f" (closed form {curve.scale * closed:.6f})"
        )
        value = round(curve.scale * moment.quotes[curve.quote], 9) + 0.0
        unit = "%" if curve.unit.startswith("percent") else ""
        parts.append(f"{escape(curve.name or curve.label)} <b>{value:.7f}{unit}</b>{beside}")
    if moment.end is not None and "certified" not in moment.state:
        parts.append(escape(f"{moment.end.reason} {moment.end.outcome.advice}".strip()))
    return (
        '<div class="walras-status">' + "".join(f"<span>{each}</span>" for each in parts) + "</div>"
    )
