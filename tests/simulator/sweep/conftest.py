"""A small sweep in a folder of the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.sweep import handing_out, store
from simulator.sweep.asked import Asked
from simulator.sweep.handing_out import Options
from simulator.sweep.one_run import Asking
from simulator.sweep.sweep import Sweep, sweep
from tests.simulator.sweep.small import ASKED, Counted, Find


@pytest.fixture
def scenario() -> Counted:
    return Counted()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small parts, and jobs of one run, so that a sweep of a few has many."""
    monkeypatch.setattr(store, "PART", {False: 5, True: 3})
    monkeypatch.setattr(handing_out, "JOB_RUNS", 1)


@pytest.fixture
def do(scenario: Counted, tmp_path: Path, small: None) -> Callable[..., Sweep]:
    """Do a sweep in a folder of the test."""

    def do(asked: Asked = ASKED, folder: str | Path = "sweep", **options: Any) -> Sweep:
        asking = Asking(
            tuple(options.pop("tables", ())),
            options.pop("time_limit", None),
            options.pop("starts", 1),
        )
        progress = options.pop("progress", None)
        made = Options(asking=asking, **options)
        return sweep(Find(scenario), asked, tmp_path / folder, made, progress)

    return do


@pytest.fixture(scope="session")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep that is done, for tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("done")
    return sweep(Find(Counted()), ASKED, folder).folder
