"""The report's section about the fact table: charts by time, a table by store, a heat map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from markupsafe import Markup

from lakehouse.contracts.marts import FACT
from lakehouse.cycle.summary import FactDay, RunSummary, net_revenue
from lakehouse.say import format_count, format_money
from lakehouse.site.charts import Label, Layer, brief, columns

TOP_STORES = 20


@dataclass(frozen=True)
class Row:
    """A row of a table: what it is of, its figures, and, where it has one, its place on the scale of a bar."""

    name: str
    day: FactDay
    is_bar: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell of the heat map; amount: None where the fact has no row. share: of the strongest colour."""

    amount: Decimal | None
    share: float = 0.0
    title: str = ""


@dataclass(frozen=True)
class FactView:
    """What the section shows. periods: labels of the columns of the heat map by unit."""

    lead: str
    unit: str
    which: str
    whole: FactDay
    charts: tuple[tuple[str, str, Markup], ...]
    by_time: tuple[Row, ...]
    by_store: tuple[Row, ...]
    periods: tuple[str, ...]
    heat: tuple[tuple[str, tuple[Cell, ...]], ...]
    most: Decimal


def together(days: Sequence[FactDay], store: str = "all") -> FactDay:
    """These rows of the fact added up; the conversion rate is weighted by sessions."""
    sessions = sum(day.sessions for day in days)
    bought = sum(round(day.conversion_rate * day.sessions) for day in days if day.conversion_rate is not None)
    return FactDay(
        dt=days[0].dt,
        store_id=store,
        orders=sum(day.orders for day in days),
        net_revenue=net_revenue(days),
        gross_margin=sum((day.gross_margin for day in days), Decimal(0)),
        sessions=sessions,
        conversion_rate=Decimal(bought) / sessions if sessions else None,
    )


def _periods(fact: Sequence[FactDay]) -> tuple[str, Callable[[date], date], dict[date, str]]:
    """The unit of a chart column (day, month or year), how to round a day to it, and the labels of the columns."""
    days = sorted({day.dt for day in fact})
    span = (days[-1] - days[0]).days
    if span < 92:
        every = [days[0] + timedelta(place) for place in range(span + 1)]
        return "day", lambda day: day, {day: f"{day.day} {day:%b}" for day in every}
    if span < 92 * 30:
        months = sorted({(days[0] + timedelta(place)).replace(day=1) for place in range(span + 1)})
        return "month", lambda day: day.replace(day=1), {month: f"{month:%b %Y}" for month in months}
    years = sorted({day.replace(month=1, day=1) for day in days})
    return "year", lambda day: day.replace(month=1, day=1), {year: str(year.year) for year in years}


def fact_view(summary: RunSummary) -> FactView | None:
    """The fact as charts by time, a table by store, and a heat map of both; None where it has no rows to show."""
    if not summary.fact:
        return None
    unit, start, labels = _periods(summary.fact)
    by_period, by_store = defaultdict[date, list[FactDay]](list), defaultdict[str, list[FactDay]](list)
    for day in summary.fact:
        by_period[start(day.dt)].append(day)
        by_store[day.store_id].append(day)
    stores = sorted((together(days, store) for store, days in by_store.items()), key=_rank)
    rest = [day for store in stores[TOP_STORES:] for day in by_store[store.store_id]]
    top = {store.store_id: by_store[store.store_id] for store in stores[:TOP_STORES]}
    whole, sums = together(summary.fact), {period: together(days) for period, days in by_period.items()}
    first, last = min(day.dt for day in summary.fact), max(day.dt for day in summary.fact)
    amounts = {store: _by_period(days, start) for store, days in top.items()}
    most = max(abs(amount) for row in amounts.values() for amount in row.values()) or Decimal(1)
    return FactView(
        lead=f"{format_count(summary.fact_rows, 'row')} of {FACT}, {first} to {last}.",
        unit=unit,
        which=f", the {TOP_STORES} with the most net revenue" if rest else "",
        whole=whole,
        charts=_charts(labels, sums, whole),
        by_time=tuple(Row(labels[period], sums[period]) for period in labels if period in sums),
        by_store=(*(Row(store, together(days), True) for store, days in top.items()), *_others(rest)),
        periods=tuple(labels.values()),
        heat=tuple((store, tuple(_cell(store, row.get(p), most, label) for p, label in labels.items()))
                   for store, row in amounts.items()),
        most=most,
    )  # fmt: skip


def _rank(day: FactDay) -> tuple[Decimal, str]:
    return -day.net_revenue, day.store_id


def _others(rest: Sequence[FactDay]) -> list[Row]:
    """No bar: next to the sum of hundreds of stores the bars of single stores would vanish."""
    return [Row(format_count(len({day.store_id for day in rest}), "other store"), together(rest))] if rest else []


def percent(share: Decimal | None) -> str:
    """A share as people read it."""
    return "–" if share is None else f"{share:.1%}"


def _charts(labels: dict[date, str], sums: dict[date, FactDay], whole: FactDay) -> tuple[tuple[str, str, Markup], ...]:
    def chart(title: str, total: str, figure: str, mark: str, label: Label = brief) -> tuple[str, str, Markup]:
        values = [float(getattr(sums[period], figure)) if period in sums else 0.0 for period in labels]
        names = list(labels.values())
        said = f"{title} by time, {names[0]} to {names[-1]}; the table below has the numbers"
        return title, total, columns(said, names, [Layer(mark, values)], label)

    sessions = f"{whole.sessions:,}, {percent(whole.conversion_rate)} bought"
    return (
        chart("Net revenue", format_money(whole.net_revenue), "net_revenue", "new", _brief_euro),
        chart("Gross margin", format_money(whole.gross_margin), "gross_margin", "merged", _brief_euro),
        chart("Orders", f"{whole.orders:,}", "orders", "new"),
        chart("Sessions", sessions, "sessions", "silver"),
    )


def _brief_euro(value: float) -> str:
    return f"{'−' if value < 0 else ''}€{brief(abs(value))}"


def _cell(store: str, amount: Decimal | None, most: Decimal, label: str) -> Cell:
    if amount is None:
        return Cell(None)
    return Cell(amount, float(abs(amount) / most), f"{store}, {label}: {format_money(amount)}")


def _by_period(days: Iterable[FactDay], start: Callable[[date], date]) -> dict[date, Decimal]:
    sums: dict[date, Decimal] = defaultdict(Decimal)
    for day in days:
        sums[start(day.dt)] += day.net_revenue
    return sums
