"""The controls of the page, from the declarations of a scenario."""

from __future__ import annotations

import json
from html import escape
from typing import Any

import solara

from simulator.page_plan import Control
from simulator.parameters import ParameterHelp, declared
from simulator.scenario import Scenario
from walras.watched import Watched


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
