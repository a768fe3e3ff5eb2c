"""Writing a trace to a folder, all of it or nothing."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.export import SCREEN, check_writable, save_figure
from simulator.palette import styled
from simulator.parameters import to_toml
from simulator.results import P

if TYPE_CHECKING:
    from simulator.continuation.trace import Trace


def export(trace: Trace[P], folder: Path, *, plots: bool) -> Path:
    """Write tables, figure, parameters and a JSON document to a new folder inside a folder.

    An older trace of the same name, of the same parameters, range and seed, is replaced.

    Returns
    -------
    pathlib.Path
        The folder written, ``trace-<scenario>-<digest>``.

    Raises
    ------
    Refused
        If the folder can't be written to.
    """
    check_writable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    said = trace.to_json()
    asked = {name: said[name] for name in ("parameters", "seed", "case", "key", "from", "to")}
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:8]
    target = folder / f"trace-{trace.scenario.name}-{digest}"
    with tempfile.TemporaryDirectory(prefix=".walras-", dir=folder) as temporary:
        fresh = Path(temporary) / "trace"
        fresh.mkdir()
        for name in ("points", "events"):
            table = getattr(trace, name)
            table.to_parquet(fresh / f"{name}.parquet", index=False, compression="zstd")
            table.to_csv(fresh / f"{name}.csv", index=False)
        text = json.dumps(said, indent=2, allow_nan=False)
        (fresh / "trace.json").write_text(text + "\n", encoding="utf-8")
        parameters = to_toml(trace.scenario.name, trace.parameters)
        (fresh / "parameters.toml").write_text(parameters, encoding="utf-8")
        if plots:
            with styled():
                for name, figure in trace.plot().items():
                    save_figure(figure, fresh / name, SCREEN)
        if target.exists():
            target.replace(Path(temporary) / "old")
        fresh.replace(target)
    return target
