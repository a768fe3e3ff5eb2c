"""Check the licences of all installed distributions, by what their metadata say.

walras bundles none of them, so that any licence will do under which they may be used beside code
under Apache-2.0; what is copyleft beyond its own files is named one by one, with the reason.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from email.message import Message
from importlib import metadata

ALLOWED = frozenset(
    {
        "0BSD", "APACHE-2.0", "BSD", "BSD-2-CLAUSE", "BSD-3-CLAUSE", "CC0-1.0", "HPND", "ISC",
        "LLVM-EXCEPTION", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "PYTHON-2.0",
        "UNLICENSE", "ZLIB",
    }
)  # fmt: skip
"""Identifiers of SPDX in capitals, and ``BSD`` where metadata do not say which."""

NAMED = {
    "BSD LICENSE": "BSD", "BSD-3-CLAUSE LICENSE": "BSD-3-CLAUSE", "BSD 3-CLAUSE LICENSE": "BSD",
    "APACHE SOFTWARE LICENSE": "APACHE-2.0", "APACHE 2.0": "APACHE-2.0", "MIT LICENSE": "MIT",
    "ISC LICENSE (ISCL)": "ISC", "ISC LICENSE": "ISC", "PSFL": "PSF-2.0",
    "MOZILLA PUBLIC LICENSE 2.0 (MPL 2.0)": "MPL-2.0",
    "PYTHON SOFTWARE FOUNDATION LICENSE": "PSF-2.0",
}  # fmt: skip
"""Names of licences in metadata that are older than identifiers."""

EXCEPTIONS = {
    "casadi": "LGPL; only benchmarks import it (extra bench), and it is not handed on",
    "docutils": "public domain and BSD; its GPL part is an editor mode; only the manual needs it",
    "fpdf2": "LGPL; imported as it is installed, and can be replaced",
    "python-flint": "MIT, with FLINT (LGPL) as a shared library that can be replaced",
    "walras": "this project",
}
"""Distributions of other licences, and why they may be used."""


def licence(about: Message) -> str:
    """What metadata say: the expression of SPDX, else classifiers, else the first line of text."""
    expression = about.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = [
        entry.rpartition(" :: ")[2]
        for entry in about.get_all("Classifier", [])
        if entry.startswith("License :: OSI Approved ::") and entry.count("::") > 1
    ]
    lines = str(about.get("License") or "").strip().splitlines() or [""]
    return " AND ".join(NAMED.get(name.upper(), name) for name in classifiers or lines[:1])


def allowed(expression: str) -> bool:
    """Whether every licence of an expression is allowed; one of those joined by OR would do."""
    known = NAMED.get(expression.upper(), expression.upper())
    words = re.split(r"\s+(?:AND|OR|WITH)\s+|[()]", known)
    return any(words) and all(word.strip() in ALLOWED for word in words if word.strip())


def complaints(distributions: Iterable[metadata.Distribution]) -> list[str]:
    """A line for each distribution whose licence is neither allowed nor named."""
    found = {one.name.lower().replace("_", "-"): licence(one.metadata) for one in distributions}
    return [
        f"{name}: its licence is {told!r}, which is not among those allowed in .ci/licences.py"
        for name, told in sorted(found.items())
        if name not in EXCEPTIONS and not allowed(told)
    ]


if __name__ == "__main__":
    wrong = complaints(metadata.distributions())
    print("\n".join(wrong) or "every licence is allowed or named", file=sys.stderr)
    sys.exit(bool(wrong))
