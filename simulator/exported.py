"""Reading the folder of an exported run, which anybody may have altered: the one door for all.

Whatever a folder holds, reading it ends with data of the declared types or with ``Refused``, in
seconds and bounded memory; nothing is executed, and nothing outside the folder is read.
"""

from __future__ import annotations

import json
import re
import stat
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Never

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from markets.refused import Refused, on_one_line, shown
from simulator.codebook import COLUMNS
from simulator.declared import Declared
from simulator.export import CODEBOOK, FORMAT, MANIFEST, PROOFS, digest, seal
from simulator.hidden_folder import clean, is_hidden
from simulator.knowledge import Knowledge
from simulator.outcome import Outcome
from simulator.parameters import Parameters, parse

SIGNATURE: Final = f"{MANIFEST}.sig"
"""A signature of the manifest, which holds the digests of all other files."""

MOST_JSON: Final = 2**26
"""Bytes of the largest manifest or proof that is read; 20,000 dates need as much."""

MOST_BYTES: Final = 2**31
"""Bytes of the largest file of a run, and of the largest table in memory."""

MOST_TEXT: Final = 2**20
"""Bytes of the largest text that a report shows."""

MOST_PIXELS: Final = 80_000_000
"""Pixels of the largest figure that a report shows: of 12 inches by 8 at 900 dots per inch."""

MOST_FILES: Final = 1_000
"""Files in the folder of a run."""

MOST_DEPTH: Final = 50
"""Tables within tables of a manifest or proof; runs have 10."""

POWER: Final = re.compile(r"[-+\d._/\s]*[eE][-+]?\d{4,}")
"""A number whose power of ten alone would fill the memory as an exact fraction."""

CONTROL: Final = re.compile(
    r"[^\S\n\t ]|[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\ud800-\udfff]"
)
"""Characters by which a text could steer the terminal that shows it."""

KINDS: Final = ("double", "int64", "bool", "string", "large_string", "null")
"""Arrow's types of the columns that a run writes."""

SHA256: Final = r"^[0-9a-f]{64}$"


def _is_name(name: str) -> str:
    """Refuse what is not the name of a file in the folder itself."""
    if name in ("", ".", "..", MANIFEST) or "/" in name or "\\" in name or not name.isprintable():
        raise ValueError("it must be the name of a file in the folder")
    return name


Count = Annotated[int, Field(ge=0)]
Number = float | None


class _Told(BaseModel):
    """Part of a manifest: what is not declared is refused, and nothing is converted."""

    model_config = ConfigDict(strict=True, extra="forbid")


class _Condition(_Told):
    name: str
    residual: Annotated[float, Field(ge=0)] | Literal["inf", "nan"]
    tolerance: Annotated[float, Field(ge=0)]
    holds: bool
    meaning: str
    checked: str


class _Certificate(_Told):
    holds: bool
    conditions: list[_Condition]


class _Interval(_Told):
    lowest: Number
    highest: Number


class _Date(_Told):
    model_config = ConfigDict(strict=True, extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    case: str
    date: Annotated[int, Field(ge=1)]
    rounds: Count
    evaluations: Count
    knew: Annotated[Knowledge, Field(strict=False)]
    outcome: Annotated[Outcome, Field(strict=False)]
    certified: bool
    reason: str
    quotes: dict[str, Number]
    closed_form: dict[str, float] | None
    intervals: dict[str, _Interval]
    certificate: _Certificate


class _Parameter(_Told):
    name: str
    default: JsonValue
    differs: bool
    unit: str
    meaning: str


class _Shown(_Told):
    caption: str
    alternative: str


class _Words(_Told):
    question: str
    source: str
    result: str
    caution: str
    headline: list[str]
    units: dict[str, str]
    parameters: list[_Parameter]
    figures: dict[Annotated[str, AfterValidator(_is_name)], _Shown]


class _Figures(_Told):
    kinds: list[Literal["png", "svg", "pdf"]]
    dpi: Annotated[float, Field(ge=1, le=10_000)]
    width: Annotated[float, Field(ge=1, le=10_000)] | None


class _Asked(_Told):
    studies: bool
    starts: Annotated[int, Field(ge=1, le=100_000)]
    figures: _Figures | None


class _Rows(_Told):
    rounds: Count
    dates: Count
    agents: Count


class _Manifest(_Told):
    format: int
    scenario: str
    parameters: dict[str, JsonValue]
    seed: Count
    outcome: Annotated[Outcome, Field(strict=False)]
    reason: str
    advice: str
    rounds: Count
    dates: list[_Date]
    studies: dict[Annotated[str, AfterValidator(_is_name)], list[dict[str, JsonValue]]]
    complete: bool
    finished: bool
    rows: _Rows
    asked: _Asked
    repeat: str
    told: _Words
    versions: dict[str, str | None]
    revision: str | None
    files: dict[Annotated[str, AfterValidator(_is_name)], Annotated[str, Field(pattern=SHA256)]] = (
        Field(max_length=MOST_FILES)
    )
    seal: str


@contextmanager
def as_data(folder: Path, *, own: bool = False) -> Iterator[None]:
    """Work on what files of an exported run say: without warnings, and every error is theirs.

    Certificates, read-outs, reports and figures are written for what runs write. What an altered
    table makes them raise can't be listed, so that here, and only here, every error but one of
    reading and writing is one of the input. Errors of a scenario of the user's ``own`` are told as
    such.

    Raises
    ------
    Refused
        With what was raised.
    """
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    except (Refused, OSError):
        raise
    except Exception as error:
        if own:
            raise
        said = f"{type(error).__name__}: {error}"
        raise Refused(f"{folder} does not hold together: {said}") from error


def runs_in(folder: Path) -> list[Path]:
    """The folder itself if it is an exported run, or the runs inside it, by name.

    Raises
    ------
    Refused
        If there are none.
    """
    if not folder.is_dir():
        clean(folder.parent)  # a writer that was killed may have set it aside
    if not folder.is_dir():
        raise Refused(f"{folder} is not a folder; name the folder of an exported run")
    if (folder / MANIFEST).exists():
        return [folder]
    inside = sorted(
        path.parent for path in folder.glob(f"*/{MANIFEST}") if not is_hidden(path.parent)
    )
    if not inside:
        raise Refused(f"{folder} is not an exported run: it has no {MANIFEST}")
    return inside


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an exported run; refused if it is none, or a value in it can't be."""
    path = folder / MANIFEST
    manifest = _read_json(path)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Refused(f"{path} is not the manifest of a run of this version")
    try:
        _Manifest.model_validate(manifest)
    except ValidationError as error:
        missing = [e["loc"] for e in error.errors() if e["type"] == "missing"]
        if missing:
            lacks = ", ".join(sorted(_place(place) for place in missing[:5]))
            raise Refused(f"{path} lacks {lacks}; it has been altered") from None
        first = error.errors()[0]
        raise Refused(
            f"{path}: {_place(first['loc'])} is {shown(first['input'])}, which no run writes"
            f" ({first['msg'].removeprefix('Value error, ').lower()})"
        ) from None
    for place, text in _texts(manifest, ""):
        if CONTROL.search(text):
            raise Refused(
                f"{path}: {on_one_line(place, 80, 20)} is {shown(text)}, which no run writes"
            )
    return manifest


def read_parameters(
    folder: Path, manifest: Mapping[str, Any], scenario: Declared[Any], code: Collection[Path]
) -> Parameters:
    """The parameters of an exported run; files that they name are those in its folder."""
    inside = [path for path in folder.iterdir() if path.is_file() and not path.is_symlink()]
    parameters: Parameters = parse(
        scenario.parameters, manifest["parameters"], folder, code, inside, to_run=False
    )
    return parameters


def altered_files(folder: Path, manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Files that are not what the manifest says, and how."""
    found = []
    if seal(dict(manifest)) != manifest["seal"]:
        found.append(f"{MANIFEST}: its content is not what was sealed")
    for name, expected in manifest["files"].items():
        wrong = unreadable(folder / name, MOST_BYTES)
        if wrong:
            found.append(f"{name}: {wrong}")
        elif digest(folder / name) != expected:
            found.append(f"{name}: its content has changed")
    known = {*manifest["files"], MANIFEST, SIGNATURE}
    foreign = [
        path.name for path in folder.iterdir() if path.name not in known and not is_hidden(path)
    ]
    found += [f"{on_one_line(name, 80, 20)}: not part of the run" for name in foreign[:MOST_FILES]]
    return tuple(sorted(found))


def unreadable(path: Path, most: int) -> str:
    """Why a file of a run is not read, in words; empty if it is an ordinary file."""
    try:
        status = path.lstat()
    except (OSError, ValueError):
        return "missing"
    if stat.S_ISLNK(status.st_mode):
        return "it is a link, not a file"
    if not stat.S_ISREG(status.st_mode):
        return "it is not an ordinary file"
    return f"it is larger than any that is read ({most:,} bytes)" if status.st_size > most else ""


def read_proofs(folder: Path, count: int) -> list[Any]:
    """A proof or None for each date."""
    path = folder / PROOFS
    if unreadable(path, MOST_JSON) == "missing":
        return [None] * count
    proofs = _read_json(path)
    if not isinstance(proofs, list) or len(proofs) != count:
        raise Refused(f"{path} does not hold one entry for each of {count} dates")
    for number, proof in enumerate(proofs, start=1):
        if not (proof is None or isinstance(proof, dict)):
            raise Refused(f"{path}: proof {number} is {shown(proof)}, which no run writes")
    for place, text in _texts(proofs, "proof"):
        if POWER.fullmatch(text):
            raise Refused(
                f"{path}: {on_one_line(place, 80, 20)} is {shown(text)}, which no run writes"
            )
    return proofs


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """A table of an exported run; refused if it can't be read, or needs too much memory."""
    path = folder / f"{name}.parquet"
    wrong = unreadable(path, MOST_BYTES)
    if wrong:
        raise Refused(f"{path} can't be read as a table: {wrong}")
    try:
        with pq.ParquetFile(path) as file:
            _check_schema(path, file)
            types = {f.name: f.type for f in file.schema_arrow}
        texts = [name for name, kind in types.items() if _is_text(kind)]
        # texts stay in their dictionaries at first, so that a small file can't fill the memory
        table = pq.read_table(path, read_dictionary=texts)
        needed = 8 * table.num_rows * table.num_columns
        needed += sum(_letters(path, name, table[name]) for name in texts)
        if needed > MOST_BYTES:
            raise Refused(
                f"{path} would need {needed / 1e9:.0f} GB; {MOST_BYTES / 1e9:.0f} GB are read"
            )
        # without what pandas wrote of its types, which an altered file may have in pieces
        frame: pd.DataFrame = pa.table(
            {name: table[name].cast(kind) for name, kind in types.items()}
        ).to_pandas()
        return frame
    except (OSError, ValueError, MemoryError) as error:
        if isinstance(error, Refused):
            raise
        _cannot(path, error)


def _cannot(path: Path, error: Exception) -> Never:
    """Refuse a table in the words of Arrow."""
    reason = on_one_line((str(error).splitlines() or [""])[0], 120, 20)
    raise Refused(f"{path} can't be read as a table: {reason}") from None


def read_picture(folder: Path, name: str) -> Path | None:
    """Where a figure of an exported run is, as PNG; None if there is none.

    Raises
    ------
    Refused
        If it can't be shown, or has more pixels than fit.
    """
    from PIL import Image, UnidentifiedImageError

    path = folder / f"{name}.png"
    wrong = unreadable(path, MOST_BYTES)
    if wrong == "missing":
        return None
    if wrong:
        raise Refused(f"{path} can't be shown: {wrong}")
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Refused(f"{path} has more than {MOST_PIXELS:,} pixels, and is not shown")
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise Refused(f"{path} can't be shown: {type(error).__name__}") from None
    return path


def read_text(folder: Path, name: str) -> str:
    """A short file of text of an exported run; empty if it has none, or none that is read."""
    path = folder / name
    return "" if unreadable(path, MOST_TEXT) else path.read_text("utf-8", errors="replace")


def read_codebook(folder: Path) -> pd.DataFrame:
    """The codebook of an exported run; refused if it has none."""
    path = folder / CODEBOOK
    wrong = unreadable(path, MOST_JSON)
    if wrong:
        raise Refused(f"{path} can't be read: {wrong}; run it again")
    try:
        book = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (ValueError, OSError):
        raise Refused(f"{path} can't be read as a codebook") from None
    if list(book.columns) != list(COLUMNS):
        raise Refused(f"{path} is no codebook; its columns must be {', '.join(COLUMNS)}")
    for name in book["table"].unique():
        try:
            _is_name(name)
        except ValueError:
            raise Refused(f"{path} tells of a table {shown(name)}, which no run has") from None
    return book


def _check_schema(path: Path, file: pq.ParquetFile) -> None:
    """Refuse columns that no run writes, and more rows than fit, before anything is read."""
    schema, told = file.schema_arrow, file.metadata
    names = schema.names
    twice = next((name for name in names if names.count(name) > 1), None) if names else None
    if twice is not None:
        raise Refused(f"{path} has two columns {shown(twice)}")
    for field in schema:
        if str(field.type) not in KINDS or CONTROL.search(field.name):
            raise Refused(
                f"{path} has a column {shown(field.name)} of type"
                f" {on_one_line(str(field.type), 60, 20)}, which no run writes"
            )
    sizes = [
        told.row_group(group).column(column).total_uncompressed_size
        for group in range(told.num_row_groups)
        for column in range(told.num_columns)
    ]
    needed = max(8 * told.num_rows * max(told.num_columns, 1), sum(sizes))
    if needed > MOST_BYTES:
        raise Refused(
            f"{path} has {told.num_rows:,} rows of {told.num_columns} columns, which would need"
            f" {needed / 1e9:.0f} GB; at most {MOST_BYTES / 1e9:.0f} GB are read"
        )


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _letters(path: Path, name: str, column: pa.ChunkedArray) -> int:
    """Bytes of the texts of a column, each as often as it stands there."""
    total = 0
    for chunk in column.chunks:
        for text in chunk.dictionary.to_pylist():
            if text is not None and CONTROL.search(text):
                raise Refused(f"{path}: {shown(name)} holds {shown(text)}, which no run writes")
        lengths = pc.binary_length(chunk.dictionary)
        total += pc.sum(pc.take(lengths, chunk.indices)).as_py() or 0
    return total


def _read_json(path: Path) -> Any:
    """A file of JSON; refused if it is none, or nested too deep to be one of a run."""
    wrong = unreadable(path, MOST_JSON)
    if wrong:
        raise Refused(f"{path} can't be read: {wrong}")
    try:
        text = path.read_text(encoding="utf-8")
        read = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        read, deep = None, True
    except (OSError, ValueError):
        raise Refused(f"{path} is not readable as JSON; the run is truncated") from None
    else:
        deep = _deeper(read, MOST_DEPTH)
    if deep:
        raise Refused(f"{path} is nested too deep to be one of a run")
    return read


def _deeper(value: object, most: int) -> bool:
    """Whether a value is nested deeper than allowed."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return most == 0 or any(_deeper(part, most - 1) for part in parts)


def _no_number(word: str) -> Never:
    """JSON has no such numbers; Python's reader takes them all the same."""
    raise ValueError(word)


def _texts(value: object, place: str) -> Iterator[tuple[str, str]]:
    """All texts in a value, names included, and where they stand."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield place, name
            yield from _texts(part, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _texts(part, f"{place}[{number}]")


def _place(path: tuple[int | str, ...]) -> str:
    """Where a value stands in a manifest."""
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return on_one_line(parts.removeprefix("."), 80, 20)
