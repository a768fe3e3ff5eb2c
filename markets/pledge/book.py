"""The book of the spot markets for pledgeable securities."""

from __future__ import annotations

from dataclasses import dataclass

from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class SpotBook:
    r"""Orders of a cohort at the posted quotes in securities, and their sum over cohorts.

    Orders are schedules: they say what their owner buys at every price. ``free`` and the fields
    after it describe them as they would be without limits, when their total is

    .. math:: z = z_0 + z_p \ln p + z_v \ln v + z_u \ln u + z_\chi \ln(\chi/h)

    on average over the errors of private signals. All arrays have shape ``(securities,)``.

    Attributes
    ----------
    bought, sold
        Totals of purchases and of sales.
    by_price, by_repo
        Derivatives of their difference with respect to the log price, and to what moves the repo
        market: ln(chi/h) where pledging pays, and else the share of orders that is pledged.
    free
        Purchases minus sales without limits.
    constant, free_by_price, by_value, by_noise, by_pledge
        The coefficients of z above, in this order.
    pledged, pledges
        Securities that repo investors own and pledge (negative: lend cash against), and that noise
        traders buy; and the sum of their sizes without regard to sign.
    pledged_by_price, pledged_by_repo
        Derivatives of ``pledged``, in the same order.
    beyond_limits
        Investors whose orders without limits would exceed what they own, as a share of all
        investors.
    """

    bought: FloatArray
    sold: FloatArray
    by_price: FloatArray
    by_repo: FloatArray
    free: FloatArray
    constant: FloatArray
    free_by_price: FloatArray
    by_value: FloatArray
    by_noise: FloatArray
    by_pledge: FloatArray
    pledged: FloatArray
    pledges: FloatArray
    pledged_by_price: FloatArray
    pledged_by_repo: FloatArray
    beyond_limits: FloatArray
