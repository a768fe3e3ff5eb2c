"""The catalogue: names, and files of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from markets.refused import Refused
from walras.catalogue import TITLES, find, find_or_load, titles


def test_every_title_is_that_of_its_scenario() -> None:
    for name, title in TITLES.items():
        assert find(name).title is title
        assert find_or_load(name) is find(name)
    assert list(titles())[: len(TITLES)] == list(TITLES)


def test_a_name_never_loads_a_file(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is not a scenario"):
        find(str(tmp_path / "market.py"))
    with pytest.raises(Refused, match="no such file"):
        find_or_load(str(tmp_path / "market.py"))
