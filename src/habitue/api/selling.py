"""`habitue sales`: what was sold month by month."""

from __future__ import annotations

from habitue.api import command as commands
from habitue.api.answer import Answer, Column, Sheet
from habitue.api.perform import Asked, perform
from habitue.kernel.i18n import N_


@perform.register
def _sales(command: commands.Sales, asked: Asked) -> Answer:
    found, months = asked.shop.sold(command.months, command.at, command.segment)
    columns = (
        Column("month", N_("Month"), "month"),
        Column("revenue", N_("Revenue"), "money"),
        Column("orders", N_("Orders"), "count"),
        Column("average_order", N_("Average order value"), "money"),
        Column("customers", N_("Customers"), "count"),
        Column("again", N_("Again"), "count"),
        Column("repeat_rate", N_("Repeat rate"), "share"),
    )
    named = [(month, found.of(month)) for month in months]
    rows = [(str(one), s.revenue, s.orders, s.mean, s.buyers, s.again, s.repeat) for one, s in named]
    return Sheet(columns, rows)
