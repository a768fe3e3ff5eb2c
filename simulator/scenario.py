"""A scenario: an economy with parameters, a certificate, and whatever else it declares."""

from __future__ import annotations

from simulator.declared import Declared
from simulator.journey import USED_UP
from simulator.parameters import parse
from simulator.results import P
from simulator.run import Run, simulate
from simulator.time_limit import SECONDS


class Scenario(Declared[P]):
    """Base of every scenario; see :class:`simulator.declared.Declared` for what it declares."""

    def run(
        self,
        *,
        seed: int = 0,
        studies: bool = True,
        starts: int = 1,
        time_limit: float | None = SECONDS,
        **parameters: object,
    ) -> Run[P]:
        """Run the scenario from Python.

        Parameters
        ----------
        seed : int
            Seed of the one random generator.
        studies : bool
            Whether to work out the scenario's tables over a range of a parameter, too.
        starts : int
            With more than one, ``run.studies["equilibria"]`` lists the resting points found from
            so many starts, see :func:`simulator.search.search`.
        time_limit : float, optional
            Seconds after which the run ends with the outcome ``OUT_OF_TIME`` and what was done so
            far, see :func:`simulator.run.simulate`; no limit if it is 0 or None.
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
        parsed = parse(self.parameters, parameters)
        run = simulate(
            self, parsed, seed=seed, studies=studies, starts=starts, time_limit=time_limit
        )
        if run.error is not None and run.outcome not in USED_UP:
            run.error.run = run  # type: ignore[attr-defined]
            run.error.add_note("the record so far is in the attribute `run` of this exception")
            raise run.error
        return run
