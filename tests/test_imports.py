"""Imports run one way: markets <- agents <- simulator <- scenarios <- walras, and in no circle.

The files are parsed, not imported, so that the rule is checked without the browser packages and
also holds inside functions.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("markets", "agents", "simulator", "scenarios", "walras")
OUTSIDE = ("benchmarks", "tests")
PAGE = "walras.browser"
BROWSER_PACKAGES = (
    "altair",
    "ipyvue",
    "ipyvuetify",
    "ipywidgets",
    "mesa.visualization",
    "reacton",
    "solara",
    "solara_assets",
)
FILES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))


def module_name(path: Path) -> str:
    """Dotted name of the module in a file of the repository."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def names_imported(node: ast.Import | ast.ImportFrom, package: str) -> Iterator[str]:
    """Full dotted names that one import statement may load, seen from inside `package`."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    origin = node.module or ""
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        origin = ".".join([*above, origin] if origin else above)
    yield origin
    yield from (f"{origin}.{alias.name}".lstrip(".") for alias in node.names)


def import_nodes(
    tree: ast.AST, *, functions: bool = True, typing: bool = True
) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements below a node.

    Without `functions` those that run only when a function is called are left out, without
    `typing` those that only type checkers read.
    """
    if isinstance(tree, ast.Import | ast.ImportFrom):
        yield tree
        return
    if not functions and isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    children: list[ast.AST] = list(ast.iter_child_nodes(tree))
    if not typing and isinstance(tree, ast.If) and "TYPE_CHECKING" in ast.unparse(tree.test):
        children = list(tree.orelse)
    for child in children:
        yield from import_nodes(child, functions=functions, typing=typing)


def inside(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of the packages or lies below one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def wrong_imports(source: str, module: str, is_package: bool = False) -> list[str]:
    """Lines of a module that import from a higher layer or from outside the layers."""
    package = module if is_package else module.rpartition(".")[0]
    higher = LAYERS[LAYERS.index(module.split(".")[0]) + 1 :] + OUTSIDE
    return [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in import_nodes(ast.parse(source))
        if any(inside(name, higher) for name in names_imported(node, package))
    ]


def browser_imports(source: str, module: str, is_package: bool = False) -> list[str]:
    """Lines of a module that load a browser package, or the page, with the module itself."""
    package = module if is_package else module.rpartition(".")[0]
    return [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in import_nodes(ast.parse(source), functions=False, typing=False)
        if any(inside(name, (*BROWSER_PACKAGES, PAGE)) for name in names_imported(node, package))
    ]


def modules_loaded(source: str, module: str, known: Mapping[str, bool]) -> set[str]:
    """Modules that a module loads, at load time or inside functions, packages on the way included.

    `known` has every module, and whether it is a package. A module's own packages are left out:
    they are there before it, whatever it imports.
    """
    package = module if known[module] else module.rpartition(".")[0]
    loaded: set[str] = set()
    for node in import_nodes(ast.parse(source), typing=False):
        names = [name for name in names_imported(node, package) if name in known]
        if isinstance(node, ast.ImportFrom):  # a submodule is imported, not the package around it
            names = [n for n in names if not any(other.startswith(f"{n}.") for other in names)]
        for name in names:
            loaded.add(name)
            parents = [name[:end] for end, sign in enumerate(name) if sign == "."]
            loaded.update(p for p in parents if not inside(module, (p,)))
    return (loaded & known.keys()) - {module}


def circles(sources: Mapping[str, str], known: Mapping[str, bool]) -> list[list[str]]:
    """Modules that import each other in a circle, one list per circle."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    for module, source in sources.items():
        graph.add_edges_from((module, name) for name in modules_loaded(source, module, known))
    return sorted(sorted(p) for p in nx.strongly_connected_components(graph) if len(p) > 1)


def test_no_modules_import_each_other_in_a_circle() -> None:
    sources = {module_name(path): path.read_text(encoding="utf-8") for path in FILES}
    assert circles(sources, {module_name(path): path.stem == "__init__" for path in FILES}) == []


@pytest.mark.parametrize(
    ("sources", "circle"),
    [
        ({"a.b": "import a.c", "a.c": "from a import b"}, ["a.b", "a.c"]),
        ({"a.b": "def f():\n    from a import c", "a.c": "from .b import f"}, ["a.b", "a.c"]),
        ({"a": "from a.b import f", "a.b": "import a"}, ["a", "a.b"]),
        ({"a": "from a.b import f", "a.b": "from a.c import g", "a.c": "from a import g"},
         ["a", "a.b", "a.c"]),
        # importing a module loads the package that it lies in
        ({"d": "import a.b", "a": "from d import f", "a.b": ""}, ["a", "d"]),
        # a package may gather what lies in it
        ({"a": "from a.b import f", "a.b": "from a.c import g", "a.c": "from . import d",
          "a.d": ""}, None),
        ({"a.b": "import a.c", "a.c": "if TYPE_CHECKING:\n    from a.b import f"}, None),
        ({"a.b": "from a import c, d", "a.c": "from a.d import f", "a.d": "import numpy"}, None),
    ],
)  # fmt: skip
def test_a_circle_is_found(sources: dict[str, str], circle: list[str] | None) -> None:
    known = {name: any(n.startswith(f"{name}.") for n in sources) for name in sources}
    known.setdefault("a", True)
    assert circles(sources, known) == ([] if circle is None else [circle])


def test_every_layer_has_files() -> None:
    assert {module_name(path).split(".")[0] for path in FILES} == set(LAYERS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_one_way(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert wrong_imports(source, module_name(path), path.name == "__init__.py") == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_only_the_page_loads_browser_packages(path: Path) -> None:
    if inside(module_name(path), (PAGE,)):
        return
    source = path.read_text(encoding="utf-8")
    assert browser_imports(source, module_name(path), path.name == "__init__.py") == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("markets.quote", "import agents"),
        ("markets.quote", "from simulator.run import run"),
        ("markets.quote", "def f():\n    import walras.catalogue"),
        ("agents.cohort", "from simulator import economy"),
        ("agents.cohort", "import numpy, scenarios"),
        ("simulator.run", "if True:\n    from scenarios import catalogue"),
        ("simulator.run", "from .. import scenarios"),
        ("walras.catalogue", "from tests import cases"),
        ("walras.catalogue", "import benchmarks"),
    ],
)
def test_an_import_the_wrong_way_is_found(module: str, source: str) -> None:
    # `from .. import` leaves the top package, which Python refuses; it must not pass here either.
    assert len(wrong_imports(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("agents.cohort", "import markets.quote"),
        ("agents.cohort", "from .program import program"),
        ("simulator.run", "from agents import cohort\nfrom markets import quote"),
        ("walras.catalogue", "import simulator, agents, markets"),
        ("markets.quote", "import agentsoft"),
    ],
)
def test_an_import_the_right_way_passes(module: str, source: str) -> None:
    assert wrong_imports(source, module) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import solara", 1),
        ("from mesa import visualization", 1),
        ("from mesa.visualization import SolaraViz", 1),
        ("try:\n    import altair\nexcept ImportError:\n    altair = None", 1),
        ("class A:\n    import ipyvuetify", 1),
        ("from . import browser", 1),
        ("from walras.browser.page import Page", 1),
        ("import mesa", 0),
        ("def serve():\n    import solara", 0),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import solara", 0),
    ],
)
def test_a_browser_import_on_load_is_found(source: str, found: int) -> None:
    assert len(browser_imports(source, "walras.command")) == found
