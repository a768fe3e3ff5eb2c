"""An exported run is read back as it was."""

from pathlib import Path

import walras
from simulator.reopened import reopen
from walras.catalogue import find


def test_a_run_that_is_read_back_tells_the_same(tmp_path: Path) -> None:
    run = walras.run("exchange")
    again = reopen(run.export(tmp_path, plots=False), find)
    assert again.to_json() == run.to_json()
    assert again.units == run.units
