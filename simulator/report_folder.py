"""Writing what was found about a scenario beside its runs: tables, a document, figures."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic

import pandas as pd

from simulator.declared import Declared
from simulator.export import SCREEN, check_writable, save_figure
from simulator.new_folder import new_folder
from simulator.palette import styled
from simulator.parameters import Parameters, to_toml
from simulator.results import P

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class Found(ABC, Generic[P]):
    """What was found about a scenario: tables and figures that can be exported.

    Attributes
    ----------
    kind : str
        First part of the folder's name.
    scenario, parameters, seed
        What was looked at.
    """

    kind: ClassVar[str]
    scenario: Declared[P]
    parameters: P
    seed: int

    @property
    @abstractmethod
    def summary(self) -> str:
        """What was found, in a sentence."""

    @property
    @abstractmethod
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Tables by name."""

    @property
    @abstractmethod
    def asked(self) -> Mapping[str, object]:
        """What was asked for beside parameters and seed."""

    @abstractmethod
    def plot(self) -> dict[str, Figure]:
        """Figures by name."""

    @abstractmethod
    def details(self) -> dict[str, Any]:
        """What the JSON document has beside scenario, parameters and seed."""

    def to_json(self) -> dict[str, Any]:
        """All of it as a JSON document."""
        return {
            "scenario": self.scenario.name,
            "parameters": self.parameters.model_dump(mode="json"),
            "seed": self.seed,
            **self.details(),
        }

    def export(self, folder: str | Path = "runs", *, plots: bool = True) -> Path:
        """Write tables, figures and a JSON document to a new folder inside ``folder``.

        Returns
        -------
        pathlib.Path
            The folder written; an older one, in which the same was asked for, is replaced.

        Raises
        ------
        Refused
            If ``folder`` is a file or can't be written to.
        """
        return write(
            Path(folder),
            self.kind,
            self.scenario.name,
            self.parameters,
            {"seed": self.seed, **self.asked},
            self.tables,
            self.to_json(),
            self.plot() if plots else {},
        )

    def __repr__(self) -> str:
        """A line."""
        return f"<{type(self).__name__} {self.scenario.name}: {self.summary}>"


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
    identity = json.dumps([parameters.model_dump(mode="json"), asked], sort_keys=True)
    target = folder / f"{kind}-{scenario}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
    with new_folder(target) as fresh:
        for name, table in tables.items():
            table.to_parquet(fresh / f"{name}.parquet", index=False, compression="zstd")
            table.to_csv(fresh / f"{name}.csv", index=False)
        text = json.dumps(document, indent=2, allow_nan=False)
        (fresh / f"{kind}.json").write_text(text + "\n", encoding="utf-8")
        (fresh / "parameters.toml").write_text(to_toml(scenario, parameters), encoding="utf-8")
        with styled():
            for name, figure in figures.items():
                save_figure(figure, fresh / name, SCREEN)
    return target


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON knows them; numbers that are none, or infinite, become null."""
    finite = table.notna() & ~table.isin([float("inf"), float("-inf")])
    plain: list[dict[str, Any]] = table.astype(object).where(finite, None).to_dict("records")  # type: ignore[assignment]
    return plain
