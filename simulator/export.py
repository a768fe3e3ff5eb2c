"""Writing a run to a folder, all of it or nothing."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.palette import styled
from simulator.run import Run

MANIFEST = "manifest.json"
TABLES = ("rounds", "dates", "agents")
PROOFS = "proofs.json"
CSV_LIMIT = 100_000
"""Rows of the table of agents above which it is written as Parquet only."""

FORMAT = 1
"""Version of the layout of an exported folder."""


def check_writable(folder: Path) -> None:
    """Refuse a folder that can't be written to, before any work is done.

    Raises
    ------
    ValueError
        Naming the folder and what is wrong with it. Nothing is left behind.
    """
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    try:
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"out is {folder}, which is a file; it must be a folder")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".walras-", dir=folder):
            pass
    except OSError as error:
        raise ValueError(
            f"out is {folder}, which can't be written to ({error.strerror});"
            " it must be a folder that you may write to"
        ) from error
    finally:
        for part in missing:
            if part.is_dir() and not any(part.iterdir()):
                part.rmdir()


def name_of(run: Run) -> str:
    """Folder name of a run: the scenario and a digest of parameters and seed."""
    told = json.dumps([run.parameters.model_dump(mode="json"), run.seed], sort_keys=True)
    return f"{run.scenario.name}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def export(run: Run, folder: Path, *, plots: bool = True) -> Path:
    """Write a run to a folder of its own inside ``folder``.

    Everything is written under a temporary name in the same place and renamed at the end, so that
    a run that is killed leaves nothing under its final name.

    Returns
    -------
    pathlib.Path
        The folder written, ``<scenario>-<digest>``.
    """
    check_writable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name_of(run)
    with tempfile.TemporaryDirectory(prefix=".walras-", dir=folder) as temporary:
        fresh = Path(temporary) / "run"
        fresh.mkdir()
        _write_tables(run, fresh)
        _write_proofs(run, fresh)
        (fresh / "parameters.toml").write_text(_toml(run), encoding="utf-8")
        if plots:
            _write_figures(run, fresh)
        _write_manifest(run, fresh)
        if target.exists():
            target.replace(Path(temporary) / "old")
        fresh.replace(target)
    return target


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal(manifest: dict[str, Any]) -> str:
    """SHA-256 of a manifest's content, its own seal left out."""
    content = {key: value for key, value in manifest.items() if key != "seal"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _write_tables(run: Run, folder: Path) -> None:
    for name in TABLES:
        table: pd.DataFrame = getattr(run, name).copy()
        table.attrs = {}
        table.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
        if name != "agents" or len(table) <= CSV_LIMIT:
            table.to_csv(folder / f"{name}.csv", index=False)
    if run.scenario.report is not None:
        run.scenario.report(run).to_csv(folder / "report.csv", index=False)

    for name, table in run.tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)


def _write_proofs(run: Run, folder: Path) -> None:
    """Proofs in the order of the dates, if there are any."""
    if any(proof is not None for proof in run.proofs):
        text = json.dumps(list(run.proofs), indent=1, allow_nan=False)
        (folder / PROOFS).write_text(text + "\n", encoding="utf-8")


def _write_figures(run: Run, folder: Path) -> None:
    with styled():
        for name, figure in run.plot().items():
            figure.savefig(folder / f"{name}.png", metadata={"Software": None})
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": "walras"})


def _write_manifest(run: Run, folder: Path) -> None:
    packages = ("walras", "mesa", "numpy", "pandas", "scipy", "matplotlib", "pydantic", "pyarrow")
    manifest = {
        "format": FORMAT,
        **run.to_json(),
        "complete": run.complete,
        "rows": {name: len(getattr(run, name)) for name in TABLES},
        "repeat": f"walras run parameters.toml --seed {run.seed}",
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in packages},
        },
        "revision": _revision(),
        "files": {path.name: digest(path) for path in sorted(folder.iterdir())},
    }
    manifest["seal"] = seal(manifest)
    text = json.dumps(manifest, indent=2, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _revision() -> str | None:
    """Commit of the checkout that this package runs from, if it is one."""
    here = Path(__file__).resolve().parent.parent
    git = shutil.which("git")
    if git is None or not (here / ".git").exists():
        return None
    told = subprocess.run(
        [git, "-C", str(here), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or None


def _toml(run: Run) -> str:
    from simulator.parameters import to_toml

    return to_toml(run.scenario.name, run.parameters)
