"""Certificates: what holds, what is worst, and numbers that are none."""

from __future__ import annotations

import json
import math

import pytest

from simulator.certificate import Certificate, Condition

GOOD = Condition("budget", 1e-12, 1e-9, "nobody overspends")
BAD = Condition("clearing", 1e-3, 1e-9, "markets clear", "10 of 20")
UNKNOWN = Condition("optimality", math.inf, 1e-9, "nobody could do better")
EXACT = Condition("signs", 0.0, 0.0, "nothing is negative")


@pytest.mark.parametrize(
    ("residual", "tolerance", "holds", "strain"),
    [
        (0.0, 0.0, True, 0.0),
        (1e-9, 1e-9, True, 1.0),
        (2e-9, 1e-9, False, 2.0),
        (1e-300, 0.0, False, math.inf),
        (math.inf, 1e-9, False, math.inf),
        (math.nan, 1e-9, False, math.inf),
    ],
)
def test_a_condition_holds_within_its_tolerance(
    residual: float, tolerance: float, holds: bool, strain: float
) -> None:
    condition = Condition("c", residual, tolerance, "")
    assert condition.holds is holds
    assert condition.strain == pytest.approx(strain)


@pytest.mark.parametrize(
    ("residual", "tolerance", "words"),
    [(-1e-9, 1e-9, "a violation is >= 0"), (0.0, -1.0, "finite and >= 0"),
     (0.0, math.inf, "finite and >= 0"), (0.0, math.nan, "finite and >= 0")],
)  # fmt: skip
def test_numbers_that_would_make_anything_hold_are_refused(
    residual: float, tolerance: float, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        Condition("c", residual, tolerance, "")


def test_a_certificate_holds_if_all_its_conditions_do_and_there_are_some() -> None:
    assert Certificate((GOOD, EXACT)).holds
    assert not Certificate((GOOD, BAD)).holds
    assert not Certificate(()).holds
    assert Certificate((GOOD, BAD, UNKNOWN)).failed() == (BAD, UNKNOWN)


def test_the_worst_condition_is_the_one_furthest_beyond_its_tolerance() -> None:
    assert Certificate((GOOD, EXACT)).worst() == GOOD
    assert Certificate((GOOD, UNKNOWN, BAD)).worst() == UNKNOWN
    with pytest.raises(ValueError, match="has no worst one"):
        Certificate(()).worst()


def test_conditions_are_found_by_name_and_names_differ() -> None:
    certificate = Certificate((GOOD, BAD))
    assert certificate["clearing"] == BAD
    with pytest.raises(KeyError):
        certificate["deliveries"]
    with pytest.raises(ValueError, match="two conditions are named budget"):
        Certificate((GOOD, GOOD))


def test_of_several_certificates_each_condition_is_the_worst() -> None:
    better = Condition("clearing", 1e-10, 1e-9, "markets clear")
    worst = Certificate.worst_of([Certificate((GOOD, better)), Certificate((BAD, EXACT))])
    assert worst.conditions == (GOOD, BAD, EXACT)
    # one that proves nothing is not covered up by one that does
    assert not Certificate.worst_of([Certificate((GOOD,)), Certificate(())]).holds
    assert not Certificate.worst_of([]).holds


def test_the_complaint_names_what_fails_with_its_numbers() -> None:
    complaint = Certificate((GOOD, BAD, UNKNOWN)).complaint()
    assert "clearing fails: its residual is 1.00e-03, at most 1e-09 is allowed" in complaint
    assert "optimality fails: its residual is inf" in complaint
    assert "budget" not in complaint
    assert Certificate(()).complaint() == "there is nothing to certify"


def test_json_and_back_without_believing_what_it_says_holds() -> None:
    certificate = Certificate((GOOD, BAD, UNKNOWN))
    text = json.dumps(certificate.to_json(), allow_nan=False)
    assert Certificate.from_json(json.loads(text)) == certificate
    document = json.loads(text)
    for condition in document["conditions"]:
        condition["holds"] = True
    assert not Certificate.from_json(document).holds


def test_the_table_has_one_row_per_condition() -> None:
    table = Certificate((GOOD, BAD)).table()
    assert table["name"].tolist() == ["budget", "clearing"]
    assert table["holds"].tolist() == [True, False]
    assert table["checked"].tolist() == ["all", "10 of 20"]


def test_a_notebook_shows_each_line_and_what_fails() -> None:
    holds = Condition("budget", 1e-12, 1e-9, "nobody spends <more> than it has")
    fails = Condition("clearing", 0.5, 1e-9, "what is bought is sold")
    assert "Every condition holds." in Certificate((holds,))._repr_html_()
    shown = Certificate((holds, fails))._repr_html_()
    assert "Nobody spends &lt;more&gt; than it has." in shown
    assert "Not certified: clearing fails" in shown
    assert Certificate((holds, fails)).lines()["residual"].tolist() == ["1.0e-12", "5.0e-01"]
