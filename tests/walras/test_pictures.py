"""Every picture of every page: before the first round, after some, at rest; it changes nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from matplotlib.figure import Figure

from simulator import card
from simulator.page_plan import SoFar
from walras.catalogue import TITLES, find
from walras.watched import KEPT_TRADERS, Watched

SOME = 2
MOST_ROUNDS = 400
FEWER: dict[str, dict[str, Any]] = {
    "pledgeability": {"days": 3, "investors": 100},
    "pledgeable-securities": {"days": 3, "investors": 100},
    "margin-procyclicality": {"dates": 4},
    "margin-hike": {"traders": 1_000},
}
"""Values of controls with which a run to the last rest is short."""

SLOW = ("prepayment", "liquidity-contraction", "credit-tree")
"""Where markets take long to rest; their picture is that of housing."""

EACH = [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in TITLES]


@pytest.mark.parametrize("name", EACH)
def test_pictures_are_drawn_at_every_stage_and_change_nothing(name: str) -> None:
    scenario = find(name)
    seen, unseen = (Watched(scenario, **FEWER.get(name, {})) for _ in range(2))
    assert scenario.page.pictures
    draw_all(seen, begun=False)
    for step in range(SOME):
        if step == SOME - 1:
            draw_all(seen, begun=True)
        seen.step()
        unseen.step()
        assert seen.economy is not None
        assert unseen.economy is not None
        assert seen.economy.quotes == unseen.economy.quotes
    while seen.running and seen.steps < MOST_ROUNDS:
        seen.step()
    assert seen.problem == ""
    assert seen.now.ended
    draw_all(seen, begun=True)


def draw_all(watched: Watched, *, begun: bool) -> None:
    """Draw every picture of now, which is before or after the first round."""
    assert watched.now.traded == begun
    look_at_all(watched, watched.now)


def look_at_all(watched: Watched, so_far: SoFar) -> None:
    """Draw every picture, and look at it: of a card's size, with words, and a text."""
    for picture in watched.page.pictures:
        figure = picture.draw(so_far)
        assert tuple(figure.get_size_inches()) == card.SIZE
        assert picture.says(so_far).endswith("."), picture.title
        assert any(words(figure)), picture.title


def words(figure: Figure) -> Iterator[str]:
    """What is written on the axes of a figure, legends aside."""
    for axes in figure.axes:
        yield from (axes.get_xlabel(), axes.get_ylabel(), *(text.get_text() for text in axes.texts))


def drawn(watched: Watched, date: int) -> list[tuple[bytes, str]]:
    """Every picture of a date, as bytes, and its text."""
    found = []
    for picture in watched.page.pictures:
        written = io.BytesIO()
        picture.draw(watched.at(date)).savefig(written, format="png", dpi=50)
        found.append((written.getvalue(), picture.says(watched.at(date))))
    return found


@pytest.mark.parametrize("rounds", [3, MOST_ROUNDS], ids=["left early", "at rest"])
@pytest.mark.parametrize("name", ["margin-hike", "margin-spiral", "collateral-equilibrium"])
def test_a_date_is_looked_back_at_as_it_was_left(name: str, rounds: int) -> None:
    watched = Watched(find(name), **FEWER.get(name, {}))
    while watched.running and watched.steps < rounds:
        watched.step()
    before = drawn(watched, 1)
    assert watched.announcing
    watched.announce(watched.planned)
    assert watched.date == 2
    for _ in range(5):
        watched.step()
    assert drawn(watched, 1) == before != drawn(watched, 2)


def test_no_page_has_two_pictures_of_one_title() -> None:
    for name in TITLES:
        titles = [picture.title for picture in find(name).page.pictures]
        assert len(set(titles)) == len(titles)


def test_long_tables_of_traders_are_kept_of_the_last_date_only() -> None:
    watched = Watched(find("margin-hike"), traders=KEPT_TRADERS + 1)
    while watched.running:
        watched.step()
    watched.announce(0.03)
    while watched.running:
        watched.step()
    first, second = watched.ends
    assert (first.point.date, second.point.date) == (1, 2)
    assert len(first.point.agents) == 0 < len(second.point.agents)
    assert first.described["haircut"] == 0.01
    so_far = watched.at(1)
    assert so_far.ended
    look_at_all(watched, so_far)
    so_far = watched.now
    assert so_far.dates["haircut"].tolist() == [0.01, 0.03]
    assert so_far.ended


def test_days_follow_each_other_by_themselves() -> None:
    watched = Watched(find("pledgeability"), days=3, investors=100)
    while watched.running:
        watched.step()
    assert watched.date == len(watched.ends) == 3
    assert {end.outcome for end in watched.ends} == {"cleared"}
    assert watched.certificate is not None
    assert watched.certificate.holds
