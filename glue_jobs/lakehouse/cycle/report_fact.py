"""The report's section about the fact table: charts by time, a table by store, a heat map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from lakehouse.contracts.marts import FACT
from lakehouse.cycle.report_charts import bar, brief, columns
from lakehouse.cycle.report_markup import Html, el, folded, heads, join, name_cell, number, table
from lakehouse.cycle.summary import FactDay, RunSummary, net_revenue
from lakehouse.say import format_count, format_money

TOP_STORES = 20


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


def fact_section(summary: RunSummary) -> Html:
    """The fact as charts by time, a table by store, and a heat map of both."""
    if not summary.fact:
        reason = "The fact has no rows yet." if not summary.fact_rows else "The fact was not read in this run."
        return el("div", el("p", reason, class_="none"), class_="card", style="margin-top: 14px")
    unit, start, labels = _periods(summary.fact)
    by_period: dict[date, list[FactDay]] = defaultdict(list)
    by_store: dict[str, list[FactDay]] = defaultdict(list)
    for day in summary.fact:
        by_period[start(day.dt)].append(day)
        by_store[day.store_id].append(day)
    stores = sorted((together(days, store) for store, days in by_store.items()), key=_rank)
    rest = [day for store in stores[TOP_STORES:] for day in by_store[store.store_id]]
    top = {store.store_id: by_store[store.store_id] for store in stores[:TOP_STORES]}
    whole = together(summary.fact)
    first, last = min(day.dt for day in summary.fact), max(day.dt for day in summary.fact)
    lead = f"{format_count(summary.fact_rows, 'row')} of {FACT}, {first} to {last}."
    which = f", the {TOP_STORES} with the most net revenue" if rest else ""
    return join(
        [
            el("p", lead, class_="lead"),
            el("div", _by_time(unit, by_period, labels, whole), class_="card"),
            el("div", el("h3", f"By store{which}"), _by_store(top, rest, whole), class_="card"),
            el(
                "div",
                el("h3", f"Net revenue by store and {unit}{which}"),
                _heat(top, start, labels),
                class_="card",
            ),
        ]
    )


def _rank(day: FactDay) -> tuple[Decimal, str]:
    return -day.net_revenue, day.store_id


def _percent(share: Decimal | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _by_time(unit: str, periods: dict[date, list[FactDay]], labels: dict[date, str], whole: FactDay) -> Html:
    sums = {period: together(days) for period, days in periods.items()}
    none = replace(whole, orders=0, net_revenue=Decimal(0), gross_margin=Decimal(0), sessions=0)

    def chart(title: str, total: str, value: Callable[[FactDay], float], mark: str, money: bool = False) -> Html:
        points = [(label, float(value(sums.get(period, none)))) for period, label in labels.items()]
        return columns(title, total, points, _brief_euro if money else brief, mark)

    charts = [
        chart("Net revenue", format_money(whole.net_revenue), lambda day: float(day.net_revenue), "f-new", True),
        chart("Gross margin", format_money(whole.gross_margin), lambda day: float(day.gross_margin), "f-margin", True),
        chart("Orders", f"{whole.orders:,}", lambda day: day.orders, "f-new"),
        chart(
            "Sessions",
            f"{whole.sessions:,}, {_percent(whole.conversion_rate)} bought",
            lambda day: day.sessions,
            "f-silver",
        ),
    ]
    rows = [_money_row(labels[period], sums[period]) for period in labels if period in sums]
    numbers = table(_money_heads(unit), rows, _money_row("total", whole))
    return el("div", el("div", *charts, class_="charts"), folded("The numbers as a table", numbers))


def _brief_euro(value: float) -> str:
    return f"{'−' if value < 0 else ''}€{brief(abs(value))}"


def _money_heads(first: str) -> list[Html]:
    return heads(first, "net revenue", "gross margin", "orders", "sessions", "conversion")


def _money_row(name: str, day: FactDay) -> list[Html]:
    money = [
        number(format_money(amount), "held" if amount < 0 else "") for amount in (day.net_revenue, day.gross_margin)
    ]
    return [
        name_cell(name),
        *money,
        number(f"{day.orders:,}"),
        number(f"{day.sessions:,}"),
        number(_percent(day.conversion_rate)),
    ]


def _by_store(top: dict[str, list[FactDay]], rest: list[FactDay], whole: FactDay) -> Html:
    sums = {store: together(days) for store, days in top.items()}
    values = [float(day.net_revenue) for day in sums.values()]

    def cells(store: str, day: FactDay, shape: Html | str = "") -> list[Html]:
        first, *numbers = _money_row(store, day)
        return [first, el("td", shape, class_="wide optional"), *numbers]

    rows = [cells(store, day, bar(float(day.net_revenue), values)) for store, day in sums.items()]
    if rest:  # no bar: next to the sum of hundreds of stores the bars of single stores would vanish
        others = len({day.store_id for day in rest})
        rows.append(cells(format_count(others, "other store"), together(rest)))
    head = _money_heads("store")
    head.insert(1, el("th", el("span", "net revenue as a bar", class_="vh"), scope="col", class_="optional"))
    return table(head, rows, cells("all stores", whole))


def _heat(top: dict[str, list[FactDay]], start: Callable[[date], date], labels: dict[date, str]) -> Html:
    """Net revenue as a table of shaded cells: a row per store, a column per period."""
    amounts = {store: _by_period(days, start) for store, days in top.items()}
    most = max(abs(amount) for row in amounts.values() for amount in row.values()) or Decimal(1)

    def cell(store: str, period: date) -> Html:
        amount = amounts[store].get(period)
        if amount is None:
            return el("td", el("span", "no row", class_="vh"), class_="empty")
        share = float(abs(amount) / most)
        mark = " ".join(["minus"] * (amount < 0) + ["strong"] * (share > 0.8)) or None
        tooltip = f"{store}, {labels[period]}: {format_money(amount)}"
        return el("td", el("span", brief(float(amount))), class_=mark, style=f"--v:{share:.3f}", title=tooltip)

    dense = len(labels) > 20
    every = -(-len(labels) // 8) if dense else 1
    head = [el("th", el("span", "store", class_="vh"), scope="col")]
    for place, label in enumerate(labels.values()):
        head.append(el("th", el("span", label), scope="col", class_="skip" if place % every else None))
    rows = [[el("th", store, scope="row", title=store), *(cell(store, period) for period in labels)] for store in top]
    legend = f"The strongest colour is {format_money(most)}; red is negative, an outline means no row."
    return join(
        [
            el("p", legend, class_="lead"),
            table(head, rows, class_="heat dense" if dense else "heat few" if len(labels) < 8 else "heat"),
        ]
    )


def _by_period(days: Iterable[FactDay], start: Callable[[date], date]) -> dict[date, Decimal]:
    sums: dict[date, Decimal] = defaultdict(Decimal)
    for day in days:
        sums[start(day.dt)] += day.net_revenue
    return sums
