"""Parameters of a scenario: one declaration from which help, TOML, JSON and checks come."""

from __future__ import annotations

import tomllib
import types
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import tomlkit
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from agents.beliefs import Beliefs
from markets.adjustment.rule import Adjuster
from markets.adjustment.rules import RuleName, rule
from markets.quote import FloatArray
from markets.refused import Refused
from simulator.code_file import CODE
from simulator.data_file import FILES, FOLDER, data_files
from simulator.economy import MAX_ROUNDS
from simulator.names import unknown


def _believable(given: str | list[float]) -> str | list[float]:
    """Refuse beliefs that are none."""
    Beliefs(given)
    return given


GivenBeliefs = Annotated[str | list[float], AfterValidator(_believable)]
"""Beliefs as a parameter: the name of a distribution, or one per trader."""


class Table(BaseModel):
    """Values with names, as in a table of a TOML file: frozen, finite, and no unknown names."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        """Refuse unknown names, with the nearest known one."""
        if isinstance(given, Mapping):
            for name in given:
                if name not in cls.model_fields:
                    raise Refused(unknown(str(name), list(cls.model_fields), "parameter"))
        return given


def about(meaning: str, unit: str = "", allowed: str = "", **field: Any) -> Any:
    """Declare a parameter: its meaning, its unit, what is allowed in words, and pydantic's own."""
    extra: dict[str, Any] = {"unit": unit, "allowed": allowed}
    return Field(description=meaning, json_schema_extra=extra, **field)


def rule_parameter(default: RuleName) -> Any:
    """Declare the parameter ``rule`` of an economy whose default is another one."""
    return about("rule that moves the quotes", default=default)


class Parameters(Table):
    """Base of every scenario's parameters.

    A field's ``description`` is its meaning; ``json_schema_extra`` may give its ``unit`` and, in
    words, what is ``allowed``. A field may itself be a :class:`Table`, or a list of them.
    """

    rule: RuleName = rule_parameter("safeguarded")
    step: float = about(
        "size of the steps of the rules plain, anderson and extrapolated",
        "multiple of the market's own step",
        default=1.0,
        gt=0.0,
    )
    start: str | list[float] | dict[str, float] = about(
        "first quotes: from the primitives, drawn from a wide range by the seed, or given by name",
        "",
        '"primitives", "random", a list of all quotes or a table of some',
        default="primitives",
    )
    max_rounds: int = about(
        "rounds at one date before the run gives up", "rounds", default=MAX_ROUNDS, ge=1
    )

    def adjuster(self, pace: float | FloatArray) -> Adjuster:
        """The rule chosen, with the step of the textbook rule that suits a market."""
        return rule(self.rule, pace, self.step)


@dataclass(frozen=True, slots=True)
class ParameterHelp:
    """A parameter as help pages show it."""

    name: str
    default: Any
    unit: str
    allowed: str
    meaning: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


def declared(model: type[Parameters]) -> list[ParameterHelp]:
    """The parameters of a model in the order of their declaration, the common ones last.

    Those that it declares itself come before those of a class that it extends.
    """
    common = Parameters.model_fields
    fields = model.model_fields
    own = [name for kind in model.__mro__ for name in vars(kind).get("__annotations__", ())]
    order = [name for name in dict.fromkeys(own) if name in fields and name not in common]
    order += [name for name in fields if name in common]
    return [
        ParameterHelp(
            name,
            _as_plain(field.default),
            _extra(field, "unit"),
            allowed(field),
            field.description or "",
            _choices(field.annotation),
            *_ends(field),
        )
        for name, field in ((name, fields[name]) for name in order)
    ]


def allowed(field: FieldInfo) -> str:
    """What a field may be, in words."""
    stated = _extra(field, "allowed")
    if stated:
        return stated
    if field.annotation is bool:
        return "true or false"
    choices = _choices(field.annotation)
    if choices:
        return " or ".join(f'"{choice}"' for choice in choices)
    bounds = _bounds(field)
    low, high = "(-inf", "inf)"
    if "gt" in bounds:
        low = f"({bounds['gt']}"
    if "ge" in bounds:
        low = f"[{bounds['ge']}"
    if "lt" in bounds:
        high = f"{bounds['lt']})"
    if "le" in bounds:
        high = f"{bounds['le']}]"
    kind = "a whole number" if field.annotation is int else "a number"
    return f"{kind} in {low}, {high}" if bounds else kind


def _bounds(field: FieldInfo) -> dict[str, Any]:
    """Declared bounds of a number by their kind: ``gt``, ``ge``, ``lt``, ``le``."""
    return {
        key: getattr(item, key)
        for item in field.metadata
        for key in ("gt", "ge", "lt", "le")
        if getattr(item, key, None) is not None
    }


def _ends(field: FieldInfo) -> tuple[float | None, float | None]:
    """Lower and upper end of the declared range of a number, each None where there is none."""
    bounds = _bounds(field)
    return bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))


def explain(error: ValidationError, model: type[Table]) -> str:
    """The first problem that pydantic found, in one sentence: field, value, what is allowed."""
    problem = error.errors(include_url=False)[0]
    path, field, inside = _locate(problem["loc"], model)
    if problem["type"] == "value_error":
        sentence = str(problem["msg"]).removeprefix("Value error, ")
        return f"{path}: {sentence}" if inside else sentence
    assert field is not None
    if problem["type"] == "missing":
        return f"{path} is missing; it must be {allowed(field)}"
    value = problem["input"]
    shown = f'"{value}"' if isinstance(value, str) else repr(value)
    return f"{path} is {shown}; it must be {allowed(field)}"


def _locate(place: Sequence[int | str], model: type[Table]) -> tuple[str, FieldInfo | None, bool]:
    """Path of a place in a model, its innermost field, and whether it is a table of its own."""
    path, field, inside = "", None, False
    table: type[Table] | None = model
    for part in place:
        if isinstance(part, int):
            path += f"[{part}]"
        elif table is not None and part in table.model_fields:
            path += f".{part}" if path else part
            field = table.model_fields[part]
            table = _table_in(field.annotation)
        else:
            continue  # which member of a union was tried
        inside = table is not None and table is not model
    return path, field, inside


def _table_in(annotation: Any) -> type[Table] | None:
    """The table that an annotation is, or is a list of, if any."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    found = (_table_in(part) for part in get_args(annotation))
    return next((table for table in found if table is not None), None)


def _as_plain(value: Any) -> Any:
    """A default with tables as dictionaries."""
    if isinstance(value, Table):
        return value.model_dump(mode="json", exclude_none=True)
    return [_as_plain(item) for item in value] if isinstance(value, list) else value


P = TypeVar("P", bound=Parameters)


def parse(
    model: type[P],
    given: Mapping[str, Any],
    folder: Path | None = None,
    code: Collection[Path] | None = None,
    files: Collection[Path] | None = None,
) -> P:
    """Check given values against a declaration.

    Parameters
    ----------
    model : type
        The declaration.
    given : mapping
        Values by name.
    folder : Path, optional
        Where names of data files are looked for before the working folder.
    code : collection of Path, optional
        The files that may be executed if a value names them; any unless given, since then it is
        Python code that does.
    files : collection of Path, optional
        The files that a value may name; any unless given.

    Raises
    ------
    Refused
        With one sentence that names the field, the value and what is allowed.
    """
    try:
        context: dict[str, object] = {FOLDER: folder}
        if code is not None:
            context[CODE] = frozenset(path.resolve() for path in code)
        if files is not None:
            context[FILES] = frozenset(path.resolve() for path in files)
        parsed = model.model_validate(dict(given), context=context)
    except ValidationError as error:
        raise Refused(explain(error, model)) from None
    paths = {file.path for file in data_files(parsed)}
    names = [path.name for path in paths]
    twice = next((name for name in sorted(names) if names.count(name) > 1), None)
    if twice is not None:
        raise Refused(f"two files of data are named {twice}; a run keeps copies, rename one")
    return parsed


def parse_assignment(text: str) -> tuple[str, Any]:
    """Read ``key=value``; the value as TOML if it is, as plain text otherwise."""
    name, equals, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name:
        raise Refused(f'"{text}" is not an assignment; write --set key=value')
    try:
        return name, tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):  # of whole numbers too long for Python, and of brackets
        if value.startswith(("{", "[")):
            raise Refused(
                f"{name} is {value}, which is not TOML; texts in a table or list stand in quotes:"
                ' {file = "my_rule.py"}'
            ) from None
        return name, value


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """Read the name of a scenario and its parameters from a file.

    Raises
    ------
    Refused
        If the file can't be read, is not TOML (with line and column), or names no scenario.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise Refused(f"{path} can't be read: {reason}") from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        lines = text.splitlines() or [""]
        end = f"at line {len(lines)}, column {len(lines[-1]) + 1}, the end of the file"
        message = str(error).replace("at end of document", end)
        raise Refused(f"{path} is not TOML: {message[:1].lower()}{message[1:]}") from None
    name = content.pop("scenario", None)
    if not isinstance(name, str):
        raise Refused(f'{path} names no scenario; its first line must be scenario = "..."')
    given = content.pop("parameters", {})
    loose = [key for key, value in content.items() if not _is_table(value)]
    if loose or not isinstance(given, dict):
        extra = next(iter(loose), "parameters")
        raise Refused(
            f'{path} has "{extra}" outside [parameters]; only scenario and tables are known there'
        )
    twice = sorted(given.keys() & content.keys())
    if twice:
        raise Refused(f"{path} has {twice[0]} twice, in [parameters] and as a table of its own")
    return name, given | content


def to_toml(scenario: str, parameters: Parameters, *, comments: bool = False) -> str:
    """Write a scenario's parameters as a file that ``walras run`` reads.

    Parameters
    ----------
    scenario : str
        Name of the scenario.
    parameters : Parameters
        The values.
    comments : bool
        Whether to say above each parameter what it means, its unit and what is allowed.
    """
    document = tomlkit.document()
    document["scenario"] = scenario
    table = tomlkit.table()
    values = parameters.model_dump(mode="json", exclude_none=True)
    items = declared(type(parameters))
    for item in (item for item in items if not _is_table(values.get(item.name))):
        if comments:
            unit = f" [{item.unit}]" if item.unit else ""
            table.add(tomlkit.comment(f"{item.meaning}{unit}; {item.allowed}"))
        if item.name not in values:
            if comments:
                table.add(tomlkit.comment(f"{item.name} = ..."))
        else:
            table[item.name] = values[item.name]
        if comments:
            table.add(tomlkit.nl())
    document["parameters"] = table
    for item in (item for item in items if _is_table(values.get(item.name))):
        if comments:
            document.add(tomlkit.comment(f"{item.meaning}; {item.allowed}"))
        document[item.name] = values[item.name]
    return tomlkit.dumps(document)


def _is_table(value: Any) -> bool:
    """Whether a value of a TOML file is a table, or a list of tables."""
    if isinstance(value, list) and value:
        return all(isinstance(item, dict) for item in value)
    return isinstance(value, dict)


def _extra(field: FieldInfo, key: str) -> str:
    extra = field.json_schema_extra
    return str(extra.get(key, "")) if isinstance(extra, dict) else ""


def _choices(annotation: Any) -> tuple[str, ...]:
    """The words that a field may be, if it takes only a few."""
    origin = get_origin(annotation)
    if origin is Literal:
        return tuple(get_args(annotation))
    if origin in (Union, types.UnionType):
        return tuple(choice for part in get_args(annotation) for choice in _choices(part))
    return ()
