"""Comparing what was published with what is found."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from simulator.published import LeftOut, Published
from simulator.replication import Line, Measured, left_out_line, lines_of, table


def compared(
    expected: dict[str, object], found: Measured, **more: Any
) -> list[tuple[str, float, str]]:
    row = Published("case", "scenario", "citation", "place", expected=expected, **more)
    return [(line.quantity, line.difference, line.verdict) for line in lines_of("p", row, found)]


def one(expected: object, found: Measured, **more: Any) -> Line:
    (line,) = lines_of("p", Published("c", "s", "b", "p", {}, {"x": expected}, **more), found)
    return line


def test_numbers_sequences_and_statements_are_lines_of_their_own() -> None:
    expected = {"x": Fraction(1, 2), "y": (1.0, 2.0), "told": True, "word": "short"}
    found = Measured({"x": 0.5, "y": [1.0, 2.5], "told": True, "word": "long"})
    assert compared(expected, found) == [
        ("x", 0.0, "reproduced"),
        ("y [1]", 0.0, "reproduced"),
        ("y [2]", 0.5, "differs"),
        ("told", 0.0, "reproduced"),
        ("word is short", -1.0, "differs"),
    ]


@pytest.mark.parametrize(
    ("simulated", "closed", "verdict"),
    [
        ({"x": 1.0 + 1e-4}, {}, "reproduced"),
        ({"x": 1.0 + 2e-3}, {}, "differs"),
        ({"x": 1.0}, {"x": 1.01}, "differs"),  # closed form as precise as what is published
        ({}, {"x": 1.0}, "reproduced"),
        ({}, {}, "differs"),
        ({"x": math.nan}, {"x": math.nan}, "differs"),
        ({"x": math.inf}, {}, "differs"),
        ({"x": [1.0, 1.0]}, {}, "differs"),
    ],
)
def test_what_is_simulated_and_the_closed_form_both_have_to_agree(
    simulated: dict[str, object], closed: dict[str, object], verdict: str
) -> None:
    assert one(1.0, Measured(simulated, closed), tolerance=1e-3).verdict == verdict


def test_rounds_may_rest_further_away_than_the_closed_form() -> None:
    found = Measured({"x": 1.0 + 1e-6}, {"x": 1.0})
    assert one(1.0, found, tolerance=1e-9).verdict == "differs"
    line = one(1.0, found, tolerance=1e-9, at_rest=1e-5)
    assert (line.verdict, line.tolerance) == ("reproduced", 1e-5)
    found = Measured({"x": 1.0}, {"x": 1.0 + 1e-6})
    assert one(1.0, found, tolerance=1e-9, at_rest=1e-5).verdict == "differs"


def test_tolerances_are_shares_or_one_numbers_own() -> None:
    found = Measured({"x": 1000.5})
    assert one(1000.0, found, tolerance=1e-3).verdict == "differs"
    assert one(1000.0, found, tolerance=1e-3, relative=True).verdict == "reproduced"
    assert one(1000.0, found, tolerance=1e-3, looser={"x": 0.6}).verdict == "reproduced"


def test_without_a_certificate_nothing_is_reproduced_unless_that_is_the_claim() -> None:
    failed = Measured({"x": 1.0, "certified": False}, {}, certified=False)
    line = one(1.0, failed)
    assert (line.verdict, line.certificate, line.why) == (
        "differs", "fails", "the run is not certified",
    )  # fmt: skip
    claimed = compared({"x": 1.0, "certified": False}, failed)
    assert [verdict for *_, verdict in claimed] == ["reproduced", "reproduced"]
    holds = Measured({"x": 1.0, "certified": True}, {}, certified=True)
    assert compared({"certified": False}, holds)[0][2] == "differs"


def test_an_erratum_is_part_of_the_verdict() -> None:
    line = one(1.0, Measured({"x": 1.0}), errata=(2, 3))
    assert (line.verdict, line.errata) == ("reproduced with erratum", "2, 3")
    assert one(2.0, Measured({"x": 1.0}), errata=(2, 3)).verdict == "differs"


def test_what_is_left_out_is_a_line_with_its_reason() -> None:
    line = left_out_line("p", LeftOut("Theorem", "existence", "a proof"))
    frame = table([line, one(1.0, Measured({"x": 1.0}))])
    assert frame["verdict"].tolist() == ["not reproducible", "reproduced"]
    assert frame["why"].tolist() == ["a proof", ""]
    assert frame["published"].isna().tolist() == [True, False]
    assert str(frame["simulated"].dtype) == "float64"
