"""Linear algebra on one thread while something is worked out, so that the same bytes come out.

With several threads BLAS adds up long vectors in as many parts, and the last digits of a sum depend
on the number of cores. Sums over members are what a run works out; one thread costs it little.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra of NumPy and SciPy has one thread in the block, and what it had after it."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries() -> ThreadpoolController:
    """The libraries of linear algebra, each of which has to be loaded to be found."""
    import numpy.linalg  # noqa: F401
    import scipy.linalg  # noqa: F401

    return ThreadpoolController()
