"""What a visitor of the page may ask for: members, dates, rounds, memory, and no files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from markets.refused import Refused
from simulator.parameters import parse
from walras import bounds
from walras.bounds import MIB, Bounds
from walras.catalogue import TITLES, find
from walras.lessons import LESSONS, find_lesson
from walras.serving import Asked
from walras.watched import Watched

HIKE = "margin-hike"


def opened(query: str, given: dict[str, Any] | None = None, **more: Any) -> Watched:
    """The market that a link opens on a page with default bounds."""
    asked = Asked(HIKE, given or {"traders": 50}, **more).linked(query, HIKE)
    return Watched(
        find(asked.scenario),
        asked.seed,
        tuple(asked.given.items()),
        asked.case,
        files=asked.trusted,
        bounds=asked.bounds,
    )


@pytest.mark.parametrize("name", sorted(TITLES))
def test_every_scenario_is_within_the_bounds_by_its_defaults(name: str) -> None:
    Bounds().check(find(name).parameters())


@pytest.mark.parametrize("name", sorted(LESSONS))
def test_every_lesson_is_within_the_bounds(name: str) -> None:
    model = find(LESSONS[name]).parameters
    for number in range(len(find_lesson(name).steps)):
        Bounds().check(parse(model, dict(find_lesson(name).market(number))))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            f"traders=1{'0' * 400}",
            "traders is 1.00000e+400; a number must be 0, or of a size between",
        ),
        ("traders=100001", "traders is 100,001; this page takes at most 100,000"),
        (
            "scenario=prepayment&memory=1000000",
            "memory is 1,000,000; this page takes at most 100,000",
        ),
        ("dates=5000", "dates is 5,000; this page takes at most 1,000"),
        (f"haircuts={[0.01] * 1_001}", "the market has 1,001 dates; this page takes at most"),
        ("scenario=pledgeability&days=1001", "days is 1,001; this page takes at most 1,000"),
        ("traders=1000000000000", "traders is 1000000000000; that needs about 300 TB"),
        (
            "scenario=exchange&consumers=[%7B%22name%22:%22a%22,%22members%22:1000000,%22weights%22:[1,1],"
            "%22endowment%22:[1,1],%22elasticity%22:1%7D]",
            "consumers[0].members is 1,000,000; this page takes at most 100,000",
        ),
        (f"beliefs={[0.5] * 100_001}", "the length of beliefs is 100,001; this page takes"),
    ],
)
def test_a_link_that_asks_for_more_is_refused_in_a_sentence(query: str, said: str) -> None:
    watched = opened(query)
    assert said in watched.problem
    assert len(watched.problem) <= 300
    assert watched.economy is None
    assert not watched.running


def test_bounds_hold_for_controls_and_announcements_too() -> None:
    bound = Bounds(members=100, dates=2)
    watched = Watched(find(HIKE), given=(("dates", 2),), controls={"traders": "101"}, bounds=bound)
    assert "traders is 101; this page takes at most 100 " in watched.problem
    given = (("traders", 50), ("dates", 2), ("haircuts", [0.01]))
    watched = Watched(find(HIKE), given=given, bounds=bound)
    for haircut in (0.02, 0.03):
        watched.step()
        watched.announce(haircut)
    assert "the market has 3 dates; this page takes at most 2" in watched.problem
    assert watched.date == 2


def test_a_market_stops_after_its_rounds() -> None:
    watched = Watched(find(HIKE), given=(("traders", 50),), bounds=Bounds(rounds=2))
    for _ in range(5):
        watched.step()
    assert "the market has had 2 rounds; this page takes at most 2" in watched.problem
    assert (watched.steps, watched.running) == (2, False)
    watched.announce(0.03)
    watched.step()
    assert watched.steps == 2


def test_no_market_is_opened_while_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "memory_in_use", lambda: 101 * MIB)
    Bounds(memory=101).check_memory()
    Bounds(memory=0).check_memory()
    watched = Watched(find(HIKE), bounds=Bounds(memory=100))
    assert "the server has 101 MiB in use, of 100 that it may" in watched.problem


def test_memory_in_use_is_that_of_this_process() -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("this system does not tell")
    assert 10 * MIB < bounds.memory_in_use() < bounds.memory_of_machine()


@pytest.mark.parametrize(
    "query",
    [
        "members={}",
        "cash=empirical(file={}, column=cash)",
        "cash=empirical(column=cash, file={})",
        'margin={{"rule": "Steep", "file": "{}"}}',
    ],
)
def test_a_link_names_no_file_but_those_of_the_command_line(query: str, tmp_path: Path) -> None:
    path = tmp_path / "cash.csv"
    path.write_text("belief,cash,securities\n0.4,1,1\n0.6,2,1\n")
    there = opened(query.format(path)).problem
    path.unlink()
    assert there
    assert "may name" in there or "command line" in there
    assert opened(query.format(path)).problem == there  # nor does it say which files there are


def test_a_file_of_the_command_line_is_read(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("belief,cash,securities\n0.4,1,1\n0.6,2,1\n")
    watched = opened("seed=3", {"members": str(path)}, trusted=(path,))
    assert watched.problem == ""
    assert watched.economy is not None
    assert watched.economy.members == 2


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (f"haircuts={'[' * 5_000}", "which is not TOML"),
        (f"seed={'9' * 5_000}", "it must be a whole number of at least 0, of at most 40 digits"),
        (f"{'a' * 5_000}=1&{'a' * 5_000}=1", "twice; each setting may stand there once"),
    ],
)
def test_a_hostile_link_is_refused_in_a_sentence(query: str, said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        Asked(HIKE).linked(query, HIKE)
    assert len(str(refused.value)) <= 300


def test_a_link_to_another_scenario_or_lesson_keeps_the_bounds() -> None:
    asked = Asked(HIKE, bounds=Bounds(members=7))
    assert asked.linked("scenario=exchange", HIKE).bounds.members == 7
    assert asked.linked("lesson=spirals", HIKE).bounds.members == 7


def test_a_defect_is_what_a_market_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("walras.watched.travel", fails)
    watched = Watched(find(HIKE))
    assert watched.problem == "internal error: ZeroDivisionError: by zero"
    assert not watched.running
