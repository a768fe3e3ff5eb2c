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
    by_price
        Derivative of their difference with respect to the log price.
    free
        Purchases minus sales without limits.
    constant, free_by_price, by_value, by_noise, by_pledge
        The coefficients of z above, in this order.
    pledged
        Securities that repo investors own and pledge (negative: lend cash against), and that noise
        traders buy.
    beyond_limits
        Investors whose orders without limits would exceed what they own, as a share of all
        investors.
    """

    bought: FloatArray
    sold: FloatArray
    by_price: FloatArray
    free: FloatArray
    constant: FloatArray
    free_by_price: FloatArray
    by_value: FloatArray
    by_noise: FloatArray
    by_pledge: FloatArray
    pledged: FloatArray
    beyond_limits: FloatArray
