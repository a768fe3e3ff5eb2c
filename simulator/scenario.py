"""A scenario: an economy with parameters, a certificate, and whatever else it declares."""

from __future__ import annotations

from simulator.declared import Declared
from simulator.parameters import parse
from simulator.results import P
from simulator.run import Run, simulate


class Scenario(Declared[P]):
    """Base of every scenario; see :class:`simulator.declared.Declared` for what it declares."""

    def run(self, *, seed: int = 0, studies: bool = True, **parameters: object) -> Run[P]:
        """Run the scenario from Python.

        Parameters
        ----------
        seed : int
            Seed of the one random generator.
        studies : bool
            Whether to work out the scenario's tables over a range of a parameter, too.
        **parameters
            Any of the fields of the scenario's parameters.

        Raises
        ------
        Refused
            If a parameter is unknown or outside what is allowed.
        Exception
            A defect of the program, or an interrupt, as it was; the record so far is in the
            exception's attribute ``run``.
        """
        run = simulate(self, parse(self.parameters, parameters), seed=seed, studies=studies)
        if run.error is not None:
            run.error.run = run  # type: ignore[attr-defined]
            run.error.add_note("the record so far is in the attribute `run` of this exception")
            raise run.error
        return run
