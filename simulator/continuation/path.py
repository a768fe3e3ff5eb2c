r"""The path of a market's resting point as one number moves, by pseudo-arclength continuation.

Given residuals :math:`F(u, s) \in \mathbb{R}^n` in coordinates :math:`u` between limits
:math:`l(s) \le u \le b(s)` and a number :math:`s \in [0, 1]`, the market rests where for every
:math:`i` either :math:`F_i = 0` or :math:`u_i` is at an attained limit and :math:`F_i` pushes
outward. With :math:`y = u + F` at limits and :math:`u` the point of the box nearest to :math:`y`
this is one equation without inequalities, the normal map (Robinson, *Mathematics of Operations
Research* 17, 1992):

.. math:: \Phi(y, s) = F(u(y, s), s) - (y - u(y, s)) = 0 .

It is smooth while no :math:`y_i` crosses a limit; which coordinates are below, inside and above
their limits is the *cell*. Its zeros are curves with kinks where a curve changes cell. A curve is
followed from the point :math:`z = (y, s)` with unit tangent :math:`t`:

1. *Predict* :math:`z + h t`.
2. *Correct* by Newton's method for :math:`\Phi = 0` and :math:`t \cdot (z' - z) = h` (Keller,
   1977), in the cell of :math:`z`; coordinates at limits do not count in the length of a step.
3. *Change cell* where a coordinate left it: the point of the curve on the limit is solved for.
4. *Turn*: the new tangent spans the kernel of :math:`[\Phi_y, \Phi_s]` and has the orientation that
   keeps the sign of :math:`\det [\Phi_y, \Phi_s; t]`. The determinants on both sides of a limit
   differ by a multiple of the tangent's component across it, so this orientation leads on across
   limits, even where the curve turns back there (Eaves and Scarf, *Mathematics of Operations
   Research* 1, 1976). Where the sign changes and the direction does not, another curve crosses.
5. *Fold*: where the tangent's last component changes sign within a cell, its zero is solved for.
6. Where the direction changes by more than ``MOST_TURN`` over however short a step, traders' own
   constraints have a kink.

BifurcationKit and AUTO-07p do 1, 2 and 5, the former in Julia, the latter in Fortran; PyCont-Lite,
in Python, is for smooth equations without limits. None changes cells, so this module does it all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from markets.quote import FloatArray, Limits
from markets.refused import Refused

LONGEST, FIRST, SHORTEST = 0.05, 0.02, 1e-8
"""Steps, in coordinates and the share of the way from one end of the parameter to the other."""

MOST_TURN = 0.985
"""Cosine of the largest angle, 10 degrees, between the tangents at both ends of a step."""

STRAY, STRAY_AT_A_KINK = 0.5, 20.0
"""Largest distance of a point from its prediction, as a share of the step: of any, and of the
shortest, over which a kink may turn the curve by up to 87 degrees."""

CORRECTIONS, PATIENT, CORRECTED = 10, 3, 1e-10
"""Newton steps of a correction, those after which each must halve the one before, and the length of
the last one."""

BRANCHES = 1e-6
"""Length of the curve within which a branch point is known; close to it corrections may fail."""

DIFFERENCE = 1e-6
"""Distance in s over which derivatives by s are taken, to either side."""

CROSSED = 1e-9
"""Distance beyond a limit that can be attained, at which a coordinate is beyond it."""

ON_A_LIMIT = 1e-9
"""Distance in coordinates from a limit that can't be attained, at which a curve runs off."""

Cell = NDArray[np.int8]
"""By coordinate: -1 below its lower limit, 0 inside, 1 above its upper limit."""

Kind = Literal["point", "fold", "regime change", "fold at a limit", "kink", "branch point", "end"]


class Equations(Protocol):
    """What is followed."""

    def limits(self, s: float) -> Limits:
        """The box of the coordinates."""
        ...

    def residual(self, coordinates: FloatArray, s: float) -> FloatArray:
        """F, shape (n,)."""
        ...

    def slope(self, coordinates: FloatArray, s: float) -> FloatArray:
        """Derivative of each residual (row) by each coordinate (column), shape (n, n)."""
        ...


@dataclass(frozen=True, slots=True)
class PathPoint:
    """A point of a curve.

    Attributes
    ----------
    kind : str
        ``point``; ``fold``; ``regime change``: a coordinate reaches or leaves a limit; ``fold at a
        limit``: the curve turns back there; ``kink``; ``branch point``: another curve crosses;
        ``end``.
    free : array of shape (n,)
        y, which is the coordinates inside the limits, and coordinates plus residuals at limits.
    s : float
        The number that moves.
    cell : array of shape (n,)
        Cell in which the curve goes on.
    tangent : array of shape (n + 1,)
        Where it goes on, by coordinate and s.
    length : float
        Length of the curve up to here.
    moved : int
        The coordinate that changed its place at a limit, if one did; else -1.
    note : str
        Why the curve ends.
    """

    kind: Kind
    free: FloatArray
    s: float
    cell: Cell
    tangent: FloatArray
    length: float = 0.0
    moved: int = -1
    note: str = ""


class Lost(Exception):
    """A correction did not converge."""


@dataclass
class Path:
    """The curve of resting points through a given one.

    Parameters
    ----------
    equations : Equations
        What is followed.
    stops : tuple of float
        Values of s at which a point is wanted whenever the curve passes.
    longest : float
        Longest step.
    """

    equations: Equations
    stops: tuple[float, ...] = ()
    longest: float = LONGEST
    _sign: float = field(default=1.0, init=False)

    def follow(
        self, coordinates: FloatArray, s: float, most: int, *, forward: bool = True
    ) -> Iterator[PathPoint]:
        """Points of the curve from a resting point, first with s rising, or falling.

        Ends where s leaves [0, 1], the curve closes, a quote runs off, or after ``most`` points.
        """
        yield from self._walk(self.start(coordinates, s, forward=forward), most)

    def cross(self, branch: PathPoint, side: int, most: int) -> Iterator[PathPoint]:
        """Points of the other curve through a branch point, to one side.

        There the derivatives have a kernel of two dimensions; the other curve leaves along the
        direction in it that is orthogonal to this one.
        """
        matrix = self.matrix(branch.free, branch.s, branch.cell)
        first, second = np.linalg.svd(matrix)[2][-2:]
        along = _unit(branch)
        direction = float(along @ second) * first - float(along @ first) * second
        direction *= side / np.linalg.norm(_seen(direction, branch.cell))
        try:
            point = self.beside(replace(branch, tangent=direction, length=0.0), FIRST)
        except Lost:
            return
        if float(_unit(point) @ _seen(direction, branch.cell)) < 0.0:
            self._sign = -self._sign
            point = replace(point, tangent=-point.tangent)
        yield from self._walk(point, most)

    def start(self, coordinates: FloatArray, s: float, *, forward: bool = True) -> PathPoint:
        """The resting point near some coordinates, directed to where s rises, or falls.

        Raises
        ------
        Lost
            If the corrections do not converge.
        """
        limits = self.equations.limits(s)
        residual = self.equations.residual(coordinates, s)
        held = limits.held(coordinates, residual)
        pushed = np.where(residual > 0.0, 1, -1)
        at = np.where(coordinates >= limits.upper, 1, -1)
        fixed = limits.upper <= limits.lower
        cell = np.where(fixed, pushed, np.where(held, at, 0)).astype(np.int8)
        free = np.where(cell != 0, limits.clip(coordinates) + residual, coordinates)
        free, s = self._correct(free, s, cell, _along_s(free.size), s)
        self._sign = 1.0
        tangent = self._tangent(free, s, cell)
        if (tangent[-1] > 0.0) != forward:
            self._sign, tangent = -1.0, -tangent
        return PathPoint("point", free, s, cell, tangent)

    def coordinates(self, point: PathPoint) -> FloatArray:
        """The coordinates at a point of the curve."""
        return self._inside(point.free, point.s, point.cell)

    def beside(self, point: PathPoint, distance: float) -> PathPoint:
        """The point of the curve at a distance ahead in the same cell.

        Raises
        ------
        Lost
            If the corrections do not converge.
        """
        seen = _seen(point.tangent, point.cell)
        free = point.free + distance * point.tangent[:-1]
        s = point.s + distance * float(point.tangent[-1])
        target = float(seen @ np.append(point.free, point.s)) + distance
        free, s = self._correct(free, s, point.cell, seen, target)
        tangent = self._tangent(free, s, point.cell)
        return replace(
            point, kind="point", free=free, s=s, tangent=tangent, length=point.length + distance
        )

    def matrix(self, free: FloatArray, s: float, cell: Cell) -> FloatArray:
        """Derivatives of the normal map by y and s in a cell, shape (n, n + 1)."""
        by_free = self.equations.slope(self._inside(free, s, cell), s).copy()
        by_free[:, cell != 0] = -np.eye(free.size)[:, cell != 0]
        by_s = self._by_s(free, s, cell)
        # where nobody trades something at any quote nearby, its quote stays
        flat = np.flatnonzero(~by_free.any(axis=1) & (by_s == 0.0))
        by_free[flat, flat] = -1.0
        return np.column_stack([by_free, by_s])

    def crossed(self, point: PathPoint) -> NDArray[np.bool_]:
        """Coordinates that are no longer where their cell has them."""
        limits, y, cell = self.equations.limits(point.s), point.free, point.cell
        # a residual that is zero all along a limit, give or take rounding, leads nowhere
        below = y < limits.lower + np.where(cell < 0, CROSSED, -CROSSED)
        above = y > limits.upper + np.where(cell > 0, -CROSSED, CROSSED)
        now = np.where(
            below & limits.lower_attained, -1, np.where(above & limits.upper_attained, 1, 0)
        )
        return np.asarray((now != cell) & (limits.lower < limits.upper))

    # ------------------------------------------------------------------ inner workings
    def _walk(self, point: PathPoint, most: int) -> Iterator[PathPoint]:
        yield point
        first, step = point, min(FIRST, self.longest)
        for _ in range(most):
            sign = self._sign
            try:
                following, used = self._step(point, step)
                step = min(2.0 * used, self.longest) if following.kind == "point" else FIRST
                between = None
                if self._sign != sign:
                    between = self._branch_point(point, following)
                else:
                    following = self._stopped(point, following)
                    turned = point.tangent[-1] * following.tangent[-1] < 0.0
                    if turned and following.kind == "point":
                        between = self._fold(point, following.length - point.length)
            except Lost as lost:
                yield replace(point, kind="end", note=str(lost))
                return
            if between is not None:
                yield between
            yield following
            if following.s in (0.0, 1.0):
                return
            if self._closed(first, point, following):
                yield replace(following, kind="end", note="the curve is closed")
                return
            point = following
        yield replace(point, kind="end", note=f"followed for {most} steps")

    def _step(self, point: PathPoint, step: float) -> tuple[PathPoint, float]:
        """The next point, and the step that led there."""
        while True:
            try:
                ahead = self._ahead(point, step)
                self._refuse_jump(point, ahead)
            except Lost:
                if step <= SHORTEST:
                    raise
                step *= 0.25
                continue
            turn = float(_unit(point) @ _unit(ahead))
            crossed = self.crossed(ahead)
            if crossed.any():
                changed = self._change_cell(point, ahead, crossed)
                if changed is not None:
                    return changed, step
            elif turn >= MOST_TURN:
                return ahead, step
            elif turn <= -MOST_TURN and step <= FIRST:
                self._sign = -self._sign
                return replace(ahead, tangent=-ahead.tangent), step
            elif step <= SHORTEST:
                return replace(ahead, kind="kink"), step
            if step <= SHORTEST:
                raise Lost("several coordinates reach their limits at once")
            step *= 0.5

    def _refuse_jump(self, point: PathPoint, ahead: PathPoint) -> None:
        """Refuse a point that is too far from where it was predicted to be on the same curve."""
        step = ahead.length - point.length
        by_step = np.append(ahead.free - point.free, ahead.s - point.s) - step * point.tangent
        most = STRAY if step > SHORTEST else STRAY_AT_A_KINK
        if float(np.linalg.norm(_seen(by_step, point.cell))) > most * step:
            raise Lost("the equilibrium is lost: excess demand jumps")

    def _ahead(self, point: PathPoint, step: float) -> PathPoint:
        """The point a step ahead, or at the end of s if that comes first."""
        s = point.s + step * float(point.tangent[-1])
        if 0.0 <= s <= 1.0:
            ahead = self.beside(point, step)
            if not 0.0 <= ahead.s <= 1.0:
                raise Lost("the curve leaves the range of the parameter")
            return ahead
        end = 0.0 if s < 0.0 else 1.0
        return self._at(point, (end - point.s) / float(point.tangent[-1]), end)

    def _inside(self, free: FloatArray, s: float, cell: Cell) -> FloatArray:
        limits = self.equations.limits(s)
        return np.where(cell < 0, limits.lower, np.where(cell > 0, limits.upper, free))

    def _value(self, free: FloatArray, s: float, cell: Cell) -> FloatArray:
        """The normal map."""
        inside = self._inside(free, s, cell)
        return self.equations.residual(inside, s) - (free - inside)

    def _by_s(self, free: FloatArray, s: float, cell: Cell) -> FloatArray:
        """Derivative of the normal map by s; to one side where the other is not allowed."""
        ends, values = [], []
        for end in (s - DIFFERENCE, s + DIFFERENCE):
            try:
                values.append(self._value(free, end, cell))
                ends.append(end)
            except Refused:
                values.append(self._value(free, s, cell))
                ends.append(s)
        if ends[1] == ends[0]:
            raise Lost("the parameter can't be moved to either side")
        return np.asarray((values[1] - values[0]) / (ends[1] - ends[0]))

    def _correct(
        self, free: FloatArray, s: float, cell: Cell, row: FloatArray, target: float
    ) -> tuple[FloatArray, float]:
        """Newton's method for the normal map and one more linear equation, row @ z = target."""
        limits = self.equations.limits(min(max(s, 0.0), 1.0))
        open_low = (cell == 0) & ~limits.lower_attained
        open_high = (cell == 0) & ~limits.upper_attained
        last = np.inf
        for number in range(CORRECTIONS):
            try:
                value = self._value(free, s, cell)
                matrix = np.vstack([self.matrix(free, s, cell), row])
                gap = target - float(row @ np.append(free, s))
                step = np.linalg.solve(matrix, np.append(-value, gap))
            except (Refused, np.linalg.LinAlgError) as error:
                raise Lost(str(error)) from None
            if not np.isfinite(step).all():
                raise Lost("slopes are no numbers")
            free, s = free + step[:-1], s + float(step[-1])
            if np.any(open_low & (free <= limits.lower + ON_A_LIMIT)) or np.any(
                open_high & (free >= limits.upper - ON_A_LIMIT)
            ):
                raise Lost("a quote runs off to the end of its range")
            length = float(np.max(np.abs(_seen(step, cell))))
            if length <= CORRECTED:
                return free, s
            if number >= PATIENT and length > 0.5 * last:
                break
            last = length
        raise Lost("the equilibrium is lost: no point of the curve is found nearby")

    def _tangent(self, free: FloatArray, s: float, cell: Cell) -> FloatArray:
        """The oriented tangent, with coordinates at limits left out of its length."""
        matrix = self.matrix(free, s, cell)
        if not np.isfinite(matrix).all():
            raise Lost("slopes are no numbers")
        kernel = np.linalg.qr(matrix.T, mode="complete")[0][:, -1]
        sign = float(np.linalg.slogdet(np.vstack([matrix, kernel]))[0])
        return np.asarray(kernel * (sign or 1.0) * self._sign / np.linalg.norm(_seen(kernel, cell)))

    def _change_cell(
        self, point: PathPoint, ahead: PathPoint, crossed: NDArray[np.bool_]
    ) -> PathPoint | None:
        """The first point at which a coordinate reaches or leaves a limit; None if that fails."""
        found: list[PathPoint] = []
        for k in np.flatnonzero(crossed).tolist():
            side = int(point.cell[k]) or (-1 if ahead.free[k] < self._limit(k, -1, ahead.s) else 1)
            gap_here = point.free[k] - self._limit(k, side, point.s)
            gap_there = ahead.free[k] - self._limit(k, side, ahead.s)
            if gap_here == gap_there:
                continue
            share = float(np.clip(gap_here / (gap_here - gap_there), 0.0, 1.0))
            length = ahead.length - point.length
            try:
                at = self._on_limit(point, share * length, k, side)
            except Lost:
                continue
            if not np.delete(self.crossed(at), k).any():
                found.append(at)
        if not found:
            return None
        return min(found, key=lambda at: at.length)

    def _limit(self, k: int, side: int, s: float) -> float:
        limits = self.equations.limits(min(max(s, 0.0), 1.0))
        return float((limits.lower if side < 0 else limits.upper)[k])

    def _on_limit(self, point: PathPoint, step: float, k: int, side: int) -> PathPoint:
        """The point of the curve at which a coordinate is on a limit, and the way on from there."""
        free = point.free + step * point.tangent[:-1]
        s = point.s + step * float(point.tangent[-1])
        row = np.zeros(free.size + 1)
        row[k] = 1.0
        for _ in range(CORRECTIONS):  # the limit itself may move with s
            at = self._limit(k, side, s)
            free, s = self._correct(free, s, point.cell, row, at)
            if abs(self._limit(k, side, s) - at) <= CORRECTED:
                break
        cell = point.cell.copy()
        cell[k] = 0 if point.cell[k] else side
        before = self._tangent(free, s, point.cell)
        tangent = self._tangent(free, s, cell)
        turned = before[-1] * tangent[-1] < 0.0
        travelled = _seen(np.append(free - point.free, s - point.s), point.cell)
        return PathPoint(
            kind="fold at a limit" if turned else "regime change",
            free=free,
            s=s,
            cell=cell,
            tangent=tangent,
            length=point.length + float(np.linalg.norm(travelled)),
            moved=k,
        )

    def _fold(self, point: PathPoint, length: float) -> PathPoint:
        """Where s is largest or smallest between a point and another in the same cell."""

        def along(step: float) -> float:
            return float(self.beside(point, step).tangent[-1]) if step > 0.0 else point.tangent[-1]

        step = float(brentq(along, 0.0, length, xtol=SHORTEST))
        return replace(self.beside(point, step), kind="fold")

    def _branch_point(self, point: PathPoint, ahead: PathPoint) -> PathPoint:
        """Where the determinant changes its sign between two points of a cell, by bisection."""
        before, low, high = point, 0.0, ahead.length - point.length
        while high - low > BRANCHES:
            middle = 0.5 * (low + high)
            at = self.beside(point, middle)
            # the sign has been turned over already: it is right beyond the branch point
            if float(_unit(point) @ at.tangent) > 0.0:
                high = middle
            else:
                before, low = at, middle
        return replace(before, kind="branch point", tangent=point.tangent)

    def _stopped(self, point: PathPoint, following: PathPoint) -> PathPoint:
        """The point at the first value of s to stop at on the way, if there is one."""
        low, high = sorted((point.s, following.s))
        passed = [stop for stop in self.stops if low < stop < high]
        if not passed:
            return following
        stop = min(passed, key=lambda stop: abs(stop - point.s))
        share = (stop - point.s) / (following.s - point.s)
        return self._at(point, share * (following.length - point.length), stop)

    def _at(self, point: PathPoint, step: float, stop: float) -> PathPoint:
        """The point of the curve at a value of s that is about a step away, in the same cell."""
        free = point.free + step * point.tangent[:-1]
        free, _ = self._correct(free, stop, point.cell, _along_s(free.size), stop)
        tangent = self._tangent(free, stop, point.cell)
        return PathPoint("point", free, stop, point.cell, tangent, point.length + step)

    def _closed(self, first: PathPoint, point: PathPoint, following: PathPoint) -> bool:
        """Whether the curve has come back to where it began."""
        step = following.length - point.length
        away = _seen(np.append(first.free - point.free, first.s - point.s), point.cell)
        return (
            following.length > 3.0 * self.longest
            and bool((first.cell == point.cell).all())
            and float(np.linalg.norm(away)) <= step
            and float(_unit(point) @ away) >= 0.0
        )


def _along_s(count: int) -> FloatArray:
    row = np.zeros(count + 1)
    row[-1] = 1.0
    return row


def _seen(vector: FloatArray, cell: Cell) -> FloatArray:
    """A vector without the coordinates at limits, which follow from the others."""
    return np.where(np.append(cell, 0) == 0, vector, 0.0)


def _unit(point: PathPoint) -> FloatArray:
    """The tangent as it is seen."""
    return _seen(point.tangent, point.cell)
