"""What a later command has different is said, and refused unless told otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from markets.refused import Refused
from simulator.sweep import sweep as module
from simulator.sweep import work
from simulator.sweep.asked import Asked
from simulator.sweep.axes import Axis
from simulator.sweep.manifest import Manifest
from simulator.sweep.sweep import Sweep
from tests.simulator.sweep.small import ASKED, HAIRCUTS, LOW, TRADERS, Counted, content


@pytest.mark.parametrize(
    ("asked", "options", "said"),
    [
        (Asked([replace(TRADERS, values=(50,)), HAIRCUTS, LOW], seeds=(0, 1)), {},
         "traders was 40, and is 50"),
        (Asked([HAIRCUTS, LOW], seeds=(0, 1)), {}, "traders was 40, and is its default 10000"),
        (replace(ASKED, seeds=(5,)), {}, "seed was 0, 1, and is 5"),
        (Asked([TRADERS, HAIRCUTS, LOW, Axis("cash", (2.0,))]), {}, "cash was 1.0, and is 2.0"),
        (ASKED, {"tables": ["rounds"]}, 'tables was [], and is ["rounds"]'),
        (ASKED, {"time_limit": 5.0}, "time-limit was not given, and is 5.0"),
        (ASKED, {"starts": 3}, "starts was 1, and is 3"),
        (ASKED, {"follow": "low_payoff"}, 'follow was not given, and is "low_payoff"'),
    ],
)  # fmt: skip
def test_what_differs_is_refused(
    do: Callable[..., Sweep], done: Path, asked: Asked, options: dict[str, Any], said: str
) -> None:
    before = content(done)
    with pytest.raises(Refused) as refused:
        do(asked, done, **options)
    assert said in str(refused.value)
    assert content(done) == before


def test_other_versions_are_refused_unless_told_otherwise(
    do: Callable[..., Sweep], scenario: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(ASKED, seeds=(0,))
    folder = do(few).folder
    other = {**work.built(), "numpy": "1.0", "code of markets": "0"}
    monkeypatch.setattr(module, "built", lambda: other)
    monkeypatch.setattr(work, "built", lambda: other)
    with pytest.raises(
        Refused, match=r"numpy is 1\.0, not 2.*code of markets is 0, not .*--anyway"
    ):
        do()
    done = do(anyway=True)
    assert scenario.made == 16
    manifest = Manifest.read(folder)
    assert manifest is not None
    assert [made["numpy"] for made in manifest.built] == [np.__version__, "1.0"]
    assert dict(done.counts) == {"cleared": 16}


def test_an_altered_manifest_is_refused(
    do: Callable[..., Sweep], done: Path, tmp_path: Path
) -> None:
    path = tmp_path / "sweep" / "sweep.json"
    path.parent.mkdir()
    data = json.loads((done / path.name).read_text())
    del data["asked"]
    for text in (json.dumps(data), "{", "[]"):
        path.write_text(text)
        with pytest.raises(Refused, match="is not the manifest of a sweep; it has been altered"):
            do()
    path.write_text(json.dumps({"format": 99}))
    with pytest.raises(Refused, match="of another version of walras"):
        do()
