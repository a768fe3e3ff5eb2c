"""Every lesson is walked through in its own market: answers are the market's, wrong ones fail."""

import pytest

from markets.refused import Refused
from simulator.lesson import Lesson
from walras.catalogue import find
from walras.lessons import LESSONS, find_lesson
from walras.watched import Watched

MOST_DATES = 10


def opened(name: str, lesson: Lesson, number: int) -> Watched:
    return Watched(find(LESSONS[name]), given=tuple(lesson.market(number).items()))


def played(watched: Watched) -> Watched:
    while watched.running:
        watched.step()
    assert watched.problem == ""
    return watched


def wrong(lesson: Lesson, number: int, right: float | str) -> str:
    question = lesson.steps[number].question
    if isinstance(right, str):
        return next(choice for choice in question.choices if choice != right)
    return str(right + 1.5 * question.within + 1.0)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_walked_through_and_the_market_says_what_is_right(name: str) -> None:
    lesson = find_lesson(name)
    watched = opened(name, lesson, 0)
    for number, step in enumerate(lesson.steps):
        if number and step.opens:
            told = lesson.check(number, "1", watched.now)
            assert told[0] is None
            assert "another market" in told[1]
            watched = opened(name, lesson, number)
        played(watched)
        while (right := step.question.finds(watched.now)) is None and watched.date < MOST_DATES:
            told = lesson.check(number, "1", watched.now)
            assert told == (None, f"The market can't say yet. {step.question.needs}")
            assert watched.announcing
            watched.announce(watched.planned)
            played(watched)
        assert right is not None, step.title
        assert isinstance(right, str) == bool(step.question.choices)
        assert lesson.check(number, str(right), watched.now)[0] is True
        assert lesson.check(number, wrong(lesson, number, right), watched.now)[0] is False
        assert step.question.because(watched.now).endswith(".")
        assert step.question.needs.endswith(".")


def test_what_is_right_follows_the_market_and_is_not_written_down() -> None:
    lesson = find_lesson("margins")
    question = lesson.steps[2].question
    found = set()
    for market in ("short", "long"):
        given = dict(lesson.market(0)) | {"market": market}
        watched = played(Watched(find("margin-hike"), given=tuple(given.items())))
        watched.announce(0.03)
        found.add(question.finds(played(watched).now))
    assert found == {"it rises", "it falls"}


def test_spirals_are_answered_as_the_survey_says() -> None:
    """The fall, and what the same cash means on the way back, of the closed form of each date."""
    lesson = find_lesson("spirals")
    watched = played(opened("spirals", lesson, 0))
    while lesson.steps[4].question.finds(watched.now) is None:
        watched.announce(watched.planned)
        played(watched)
    known = [end.closed_form["security_price"] for end in watched.ends]
    assert lesson.steps[1].question.finds(watched.now) == pytest.approx(known[1] - known[2])
    assert lesson.steps[2].question.finds(watched.now) == "no"
    assert lesson.steps[3].question.finds(watched.now) == 3.0


@pytest.mark.parametrize("said", ["", "high", "1,2"])
def test_what_is_no_number_is_said(said: str) -> None:
    lesson = find_lesson("bankruptcy")
    watched = played(opened("bankruptcy", lesson, 0))
    right, sentence = lesson.check(0, said, watched.now)
    assert right is None
    assert sentence == f'"{said}" is not a number; write one, for instance 0.25.'


def test_numbers_may_be_written_with_a_percent_sign_and_a_true_minus() -> None:
    lesson = find_lesson("margins")
    watched = played(opened("margins", lesson, 3))
    watched.announce(watched.planned)
    change = lesson.steps[3].question.finds(played(watched).now)
    assert isinstance(change, float)
    assert lesson.check(3, f"{change:.2f} %", watched.now)[0] is True
    assert lesson.check(3, f"\N{MINUS SIGN}{change:.2f}%", watched.now)[0] is False


def test_a_lesson_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refused, match='did you mean "margins"'):
        find_lesson("margin")
