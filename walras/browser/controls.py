"""The controls of the page, from the declarations of a scenario."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import solara
from mesa.visualization.utils import update_counter

from simulator.declared import Declared
from simulator.page_plan import Control
from simulator.parameters import ParameterHelp, declared
from walras.side_by_side import BESIDE, SideBySide
from walras.watched import Watched

CASE = "case"
"""Key of the chosen case among the values of the controls."""


def first_values(markets: SideBySide) -> dict[str, Any]:
    """What the controls show of a market that has just opened, by parameter."""
    watched = markets.first
    values: dict[str, Any] = {BESIDE: markets.beside}
    values |= {control.parameter: _shown(control, watched) for control in watched.controls}
    if len(watched.cases) > 1:
        values[CASE] = watched.case
    return values


def _shown(control: Control, watched: Watched) -> Any:
    """A value as its control shows it: numbers and lists are written where they can't be slid."""
    value = watched.first(control)
    if control.choices or control.slider or isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


@solara.component
def Controls(markets: SideBySide, chosen: dict[str, Any]) -> None:
    """A control for each parameter; those that differ from the running market are marked.

    ``chosen`` holds what is chosen, and is what Mesa's Reset opens the next market with.
    """
    update_counter.get()
    watched = markets.first
    changes, change = solara.use_state(0)

    def choose(name: str, value: Any) -> None:
        chosen[name] = value
        change(changes + 1)

    with solara.Card("Parameters", classes=["walras-controls"]):
        if CASE in chosen and len(watched.cases) > 1:
            _select(
                watched.page.case_label,
                watched.cases,
                chosen[CASE],
                partial(choose, CASE),
            )
            _mark(chosen[CASE] != watched.case)
        for control in watched.controls:
            name = control.parameter
            _input(
                control,
                watched.declared[name],
                chosen[name],
                partial(choose, name),
            )
            _mark(watched.differs(control, chosen[name]))
        solara.InputText(
            "a second market beside it, for instance rule=plain",
            value=chosen[BESIDE],
            on_value=partial(choose, BESIDE),
        )
        _mark(chosen[BESIDE].strip() != markets.beside)


def _mark(differs: bool) -> None:
    """Say that a control is not what the running market has."""
    if differs:
        solara.HTML(
            tag="div",
            unsafe_innerHTML="applies after Reset",
            classes=["walras-pending"],
            attributes={"role": "note"},
        )


def _select(label: str, values: list[Any], value: Any, choose: Callable[[Any], None]) -> None:
    solara.Select(label, values=values, value=value, on_value=choose)


def _input(
    control: Control, declaration: ParameterHelp, value: Any, choose: Callable[[Any], None]
) -> None:
    """One control."""
    label = control.label or declaration.name.replace("_", " ")
    if declaration.unit:
        label += f" ({declaration.unit})"
    choices: list[Any] = list(control.choices)
    if not choices and declaration.default in declaration.choices:
        choices = list(declaration.choices)
    if choices:
        _select(label, choices if value in choices else [*choices, value], value, choose)
    elif control.slider and isinstance(value, int | float) and not isinstance(value, bool):
        assert control.low is not None
        assert control.high is not None
        whole = isinstance(declaration.default, int)
        slider = solara.SliderInt if whole else solara.SliderFloat
        slider(
            f"{label}, {control.low:g} to {control.high:g}",
            value=value,
            on_value=choose,
            min=min(control.low, value),
            max=max(control.high, value),
            step=control.step,
        )
    else:
        text = value if isinstance(value, str) else json.dumps(value)
        solara.InputText(label, value=text, on_value=choose)


@solara.component
def Meanings(scenario: Declared[Any]) -> None:
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
