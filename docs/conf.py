"""How the manual is built, see the Makefile's target ``docs``.

The source folder is the root of the tree, so that pages of ``docs`` and the READMEs of the
scenarios are one manual, and their links work here as they do in the tree.
"""

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

if TYPE_CHECKING:
    from simulator.published import Erratum

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

project = "walras"
author = "The walras authors"
project_copyright = author
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "version"
]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/index"
include_patterns = [
    "docs/**",
    "scenarios/**",
    "benchmarks/reliability.md",
    "benchmarks/results/robustness.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
]
templates_path = ["templates"]
html_additional_pages = {"index": "first.html"}  # which opens docs/index.html

html_theme = "furo"
html_title = "walras"
html_static_path = ["static"]
html_css_files = ["manual.css"]
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"  # which browsers draw themselves: no script, no fonts

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88
napoleon_google_docstring = False
napoleon_use_rtype = False
suppress_warnings = ["ref.python"]  # "states" in "array of shape (states, n)" is no reference


def inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line as MathML."""
    self.body.append(tex2mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula of its own as MathML."""
    self.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


class Errata(SphinxDirective):
    """The errata of all papers, a section for each, as they are declared."""

    def run(self) -> list[nodes.Node]:
        """The sections."""
        from walras.replicating import papers

        sections = list[nodes.Node]()
        for paper in papers().values():
            if paper.errata:
                title = nodes.title(text=paper.citation)
                section = nodes.section("", title, ids=[f"errata-{paper.name}"])
                section += [one for erratum in paper.errata for one in told(erratum)]
                sections.append(section)
        return sections


def told(erratum: "Erratum") -> list[nodes.Node]:
    """An erratum: where it is, what is printed, what is right, why, and the test."""
    facts = {"printed": erratum.printed, "right": erratum.right}
    facts |= {"test": f"tests/{erratum.test}"} if erratum.test else {}
    fields = nodes.field_list()
    for name, text in facts.items():
        value = nodes.literal if name == "test" else nodes.inline
        body = nodes.field_body("", nodes.paragraph("", "", value(text=text)))
        fields += nodes.field("", nodes.field_name(text=name), body)
    place = nodes.strong(text=f"Erratum {erratum.number}: {erratum.place}")
    why = nodes.paragraph(text=erratum.derivation)
    return [nodes.paragraph("", "", place), fields, why]


def setup(app: Sphinx) -> None:
    """Let docutils turn TeX into MathML, and list errata."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.add_directive("errata", Errata)
