"""Lessons for a class: steps with questions whose answers the running market gives.

A lesson is data beside its scenario. What is right is never written down in it: a question has a
function that reads the answer off what has happened so far in the market that is watched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.page_plan import SoFar

Answer = float | str | None
"""A number, one of the choices, or None as long as the market can't say."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and how the market answers it.

    Parameters
    ----------
    asks : str
        The question.
    finds : callable
        What has happened so far to the answer.
    needs : str
        What has to be done before the market can say, as a request.
    because : callable
        What has happened so far to why the answer is what it is, in a sentence or two.
    choices : tuple of str
        What to choose from; without them the answer is a number.
    within : float
        Largest distance of a number from the answer that counts as right.
    """

    asks: str
    finds: Callable[[SoFar], Answer]
    needs: str
    because: Callable[[SoFar], str]
    choices: tuple[str, ...] = ()
    within: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """A page of a lesson.

    Parameters
    ----------
    title, text : str
        Heading, and what there is to know and to do.
    question : Question
        What is asked at the end.
    opens : mapping
        Parameters of the market that the step opens with, those that differ from the defaults; of
        a list that is announced date by date the first entry counts. Empty where the market of the
        step before goes on.
    """

    title: str
    text: str
    question: Question
    opens: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson on one scenario.

    Parameters
    ----------
    title : str
        What it is about.
    steps : tuple of Step
        Its pages; the first opens a market.
    """

    title: str
    steps: tuple[Step, ...]

    def market(self, number: int) -> Mapping[str, Any]:
        """Parameters of the market in which a step, counted from 0, plays."""
        return next(step.opens for step in reversed(self.steps[: number + 1]) if step.opens)

    def check(self, number: int, said: str, so_far: SoFar) -> tuple[bool | None, str]:
        """Check an answer to the question of a step against the market that runs.

        Parameters
        ----------
        number : int
            The step, counted from 0.
        said : str
            The answer as it was written or chosen.
        so_far : SoFar
            What has happened in the market that runs.

        Returns
        -------
        bool or None
            Whether it is right; None if that can't be said yet.
        str
            What to tell the reader.
        """
        question = self.steps[number].question
        other = _another(self.market(number), so_far.parameters)
        if other:
            return None, f"This is another market, with another {other}: open the one of this step."
        right = question.finds(so_far)
        if right is None:
            return None, f"The market can't say yet. {question.needs}"
        if isinstance(right, str):
            if said not in question.choices:
                return None, "Choose an answer first."
            holds = said == right
        else:
            number_said = _number(said)
            if number_said is None:
                return None, f'"{said}" is not a number; write one, for instance 0.25.'
            holds = abs(number_said - right) <= question.within
        if not holds:
            return False, "Not what the market says. Look again."
        return True, f"Right. {question.because(so_far)}"


def _number(said: str) -> float | None:
    """A number as it may be written, with a percent sign or a true minus; None if it is none."""
    try:
        return float(said.strip().rstrip("%").replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return None


def _another(opened: Mapping[str, Any], parameters: Any) -> str:
    """Name of a parameter in which the market that runs is not the one that was opened."""
    for name, value in opened.items():
        runs = getattr(parameters, name)
        first = isinstance(value, list)
        if (list(runs)[:1] if first else runs) != (value[:1] if first else value):
            return name.replace("_", " ")
    return ""
