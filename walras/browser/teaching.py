"""A lesson on the page: its steps, their questions, and what the market says to an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import solara
from mesa.visualization.utils import update_counter

from simulator.lesson import Lesson
from walras.watched import Watched

SIGNS = {True: ("holds", "✓"), False: ("fails", "✗"), None: ("unknown", "·")}
"""Class and sign of an answer that is right, wrong, or can't be checked yet."""


@solara.component
def Teach(lesson: Lesson, watched: Watched, open_with: Callable[[Mapping[str, Any]], None]) -> None:
    """The step that the reader is at; every step can be gone back to."""
    update_counter.get()
    number, go = solara.use_state(0)
    right, solve = solara.use_state(frozenset[int]())
    step, last = lesson.steps[number], len(lesson.steps) - 1

    def to(other: int) -> None:
        go(other)
        if lesson.market(other) is not lesson.market(number):
            open_with(lesson.market(other))

    with solara.Div(classes=["walras-card", "walras-lesson"]):
        said = f"Step {number + 1} of {last + 1}, {len(right)} answered"
        solara.HTML(
            tag="div",
            unsafe_innerHTML=f"<p>{escape(lesson.title)} · {said}</p>"
            f"<h2>{escape(step.title)}</h2><p>{escape(step.text)}</p>",
        )
        Ask(lesson, number, watched, lambda: solve(right | {number})).key(f"question {number}")
        with solara.Div(classes=["walras-lesson-steps"]):
            for name, there, click in (
                ("Back", number > 0, lambda: to(number - 1)),
                ("Open this market anew", True, lambda: open_with(lesson.market(number))),
                ("Next", number < last, lambda: to(number + 1)),
            ):
                solara.Button(name, outlined=True, small=True, on_click=click, disabled=not there)


@solara.component
def Ask(lesson: Lesson, number: int, watched: Watched, solved: Callable[[], None]) -> None:
    """A question, an answer, and what the market says to it."""
    question = lesson.steps[number].question
    answer, write = solara.use_state("")
    told, tell = solara.use_state((None, ""))

    def change(said: str | None) -> None:
        write(said or "")
        tell((None, ""))

    def check() -> None:
        if watched.economy is None:
            return
        result = lesson.check(number, answer, watched.now)
        tell(result)
        if result[0]:
            solved()

    solara.HTML(tag="p", unsafe_innerHTML=f"<b>{escape(question.asks)}</b>")
    with solara.Div(classes=["walras-answer"]):
        if question.choices:
            solara.Select("answer", values=list(question.choices), value=answer, on_value=change)
        else:
            solara.InputText("answer", value=answer, on_value=change, continuous_update=True)
        solara.Button("Check", color="primary", small=True, on_click=check)
    kind, sign = SIGNS[told[0]]
    solara.HTML(
        tag="div",
        unsafe_innerHTML=f"{sign} {escape(told[1])}" if told[1] else "",
        classes=["walras-told", f"walras-{kind}"],
        attributes={"role": "status", "aria-live": "polite"},
    )
