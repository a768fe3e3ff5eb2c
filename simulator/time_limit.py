"""A limit of time that holds inside long rounds, certificates and studies, too."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

from markets.refused import Refused
from simulator.stopping import importing

SECONDS: Final = 600.0
"""What a run may take unless it is asked otherwise."""

GRACE: Final = 0.1
"""Share of the limit after which what is under way is stopped: time to certify the last round."""

LEAST_GRACE: Final = 1.0
"""Seconds that are allowed for that at least."""

AGAIN: Final = 0.2
"""Seconds after which it is stopped again, should the first time have been lost: Python can only
report, not raise, what happens while it frees memory. Nor is an import broken off."""

LONGEST: Final = 1e9
"""Seconds beyond which a limit is none; the operating system's clocks take no more than that."""


class OutOfTime(BaseException):
    """The time allowed is over.

    No :class:`Exception`, so that nothing on the way takes it for a failure of its own.
    """


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """Seconds that a run may take, from now on; none if ``seconds`` is infinite.

    Rounds look at it after each of them. What is then still under way is stopped when a tenth of
    the limit, at least a second, has passed beside.
    """

    seconds: float = math.inf
    begun: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, seconds: float | None) -> TimeLimit:
        """A limit that begins now; none if it is None or 0.

        Raises
        ------
        Refused
            If it is negative or no number.
        """
        if seconds is not None and not seconds >= 0.0:
            raise Refused(
                f"time_limit is {seconds}; it must be a number of seconds, or 0 for no limit"
            )
        return cls(seconds if seconds and seconds <= LONGEST else math.inf)

    @property
    def over(self) -> bool:
        """Whether the time allowed is over."""
        return time.monotonic() >= self.begun + self.seconds

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """Raise :class:`OutOfTime` in the block when the limit and its grace are over.

        Python can interrupt the main thread only, by an alarm of the operating system. Elsewhere,
        or where somebody else has set that alarm, nothing is raised: rounds look at the limit all
        the same.
        """
        if (
            math.isinf(self.seconds)
            or not hasattr(signal, "setitimer")  # Windows
            or threading.current_thread() is not threading.main_thread()
            or signal.getitimer(signal.ITIMER_REAL)[0] > 0.0
        ):
            yield
            return
        end = self.begun + self.seconds + max(GRACE * self.seconds, LEAST_GRACE)
        before = signal.signal(signal.SIGALRM, self._ring)
        signal.setitimer(signal.ITIMER_REAL, max(end - time.monotonic(), AGAIN), AGAIN)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, before)

    def _ring(self, _: int, frame: FrameType | None) -> None:
        if not importing(frame):
            raise OutOfTime(f"the time allowed ({self.seconds:g} s) was over")


NO_LIMIT: Final = TimeLimit()
