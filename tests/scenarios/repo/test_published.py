"""The table of published numbers: names, places, and parameters that the scenario takes."""

from scenarios.repo import MARGIN_HIKE
from scenarios.repo.economy import MarginHike
from scenarios.repo.published import CASES, RECOMPUTED
from simulator.parameters import parse


def test_cases_are_named_apart_and_say_where_they_come_from() -> None:
    assert len({case.case for case in CASES}) == len(CASES)
    assert all(case.scenario == MARGIN_HIKE.name and case.citation for case in CASES)
    printed = [case for case in CASES if case.place != RECOMPUTED]
    assert [case.place for case in printed] == [
        "caption of the figure for a haircut of 1%",
        "caption of the figure for a haircut of 3%",
    ]


def test_parameters_are_the_scenarios() -> None:
    for case in CASES:
        assert parse(MarginHike, case.parameters).has_closed_form
