"""Writing what was found about a scenario beside its runs: tables, a document, figures."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulator.export import SCREEN, check_writable, save_figure
from simulator.palette import styled
from simulator.parameters import Parameters, to_toml

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write(
    folder: Path,
    kind: str,
    scenario: str,
    parameters: Parameters,
    asked: Mapping[str, object],
    tables: Mapping[str, pd.DataFrame],
    document: Mapping[str, Any],
    figures: Mapping[str, Figure],
) -> Path:
    """Write a new folder inside a folder, all of it or nothing; an older one of its name goes.

    Parameters
    ----------
    folder : Path
        Where to put it.
    kind, scenario : str
        First parts of its name, and of the document's.
    parameters : Parameters
        Written as a file that ``walras run`` reads.
    asked : mapping
        What was asked for beside the parameters: a digest of both is the last part of the name.
    tables : mapping
        Tables by name, written as Parquet and CSV.
    document : mapping
        Written as JSON.
    figures : mapping
        Figures by name.

    Returns
    -------
    pathlib.Path
        The folder written, ``<kind>-<scenario>-<digest>``.

    Raises
    ------
    Refused
        If the folder can't be written to.
    """
    check_writable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    identity = json.dumps([parameters.model_dump(mode="json"), asked], sort_keys=True)
    target = folder / f"{kind}-{scenario}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
    with tempfile.TemporaryDirectory(prefix=".walras-", dir=folder) as temporary:
        fresh = Path(temporary) / kind
        fresh.mkdir()
        for name, table in tables.items():
            table.to_parquet(fresh / f"{name}.parquet", index=False, compression="zstd")
            table.to_csv(fresh / f"{name}.csv", index=False)
        text = json.dumps(document, indent=2, allow_nan=False)
        (fresh / f"{kind}.json").write_text(text + "\n", encoding="utf-8")
        (fresh / "parameters.toml").write_text(to_toml(scenario, parameters), encoding="utf-8")
        with styled():
            for name, figure in figures.items():
                save_figure(figure, fresh / name, SCREEN)
        if target.exists():
            target.replace(Path(temporary) / "old")
        fresh.replace(target)
    return target


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON knows them; numbers that are none, or infinite, become null."""
    finite = table.notna() & ~table.isin([float("inf"), float("-inf")])
    plain: list[dict[str, Any]] = table.astype(object).where(finite, None).to_dict("records")  # type: ignore[assignment]
    return plain
