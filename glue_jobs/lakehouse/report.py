"""The report of a run: one HTML page that opens offline, drawn from the run's summary and nothing else.

Text becomes markup in `el` alone, which escapes whatever is not marked as `Html` already.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from importlib import resources
from pathlib import Path
from string import Template
from urllib.parse import quote

from lakehouse.summary import (
    DatasetCount,
    FactDay,
    RuleCount,
    RunSummary,
    net_revenue,
    say_count,
    say_money,
    say_seconds,
)

TOP_STORES = 20
FATES = ("good", "quarantined", "ignored", "held")
ON_FAILURE = {"quarantine": "quarantines the row", "fail": "stops the batch", "warn": "warns"}


def write(summary: RunSummary, path: Path | str) -> Path:
    """Write the report of this run to `path` and return it."""
    target = Path(path)
    target.write_text(render(summary), encoding="utf-8")
    return target


def render(summary: RunSummary) -> str:
    """The report of this run as one self-contained HTML page."""
    template = resources.files("lakehouse").joinpath("report_template.html").read_text(encoding="utf-8")
    slowest = max(summary.steps, key=lambda step: step.seconds, default=None)
    longest = f"; {slowest.name} took longest" if slowest else ""
    return Template(template).substitute(
        title=el("", f"Retail lakehouse, run {summary.run_id}"),
        headline=_headline(summary),
        accounting=_accounting(summary),
        flow=join([_flow_wide(summary), _flow_narrow(summary), _counts_table(summary)]),
        quality=_quality(summary),
        fact=_fact(summary),
        time_lead=el("", f"{say_seconds(summary.seconds)} in all{longest}."),
        steps=_steps(summary),
        links=_links(summary),
        footer=el("", f"Run {summary.run_id}. This page needs no network."),
    )


# --- markup ------------------------------------------------------------------------------------------------


class Html(str):
    """Text that is markup already."""


def el(name: str, *children: object, **attributes: object) -> Html:
    """An element, or without a name its children alone; attributes that are None are left out."""
    body = "".join(child if isinstance(child, Html) else html.escape(str(child)) for child in children)
    if not name:
        return Html(body)
    pairs = (
        (key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None
    )
    marks = "".join(f' {key}="{html.escape(str(value))}"' for key, value in pairs)
    return Html(f"<{name}{marks}>{body}</{name}>")


def join(parts: Iterable[Html]) -> Html:
    """Several pieces of markup as one."""
    return Html("".join(parts))


def table(
    head: Sequence[Html], rows: Iterable[Iterable[Html]], foot: Iterable[Html] = (), **marks: object
) -> Html:
    """A table inside a box that scrolls sideways when the screen is narrow."""
    body = join(el("tr", *row) for row in rows)
    last = el("tfoot", el("tr", *foot)) if foot else ""
    return el(
        "div", el("table", el("thead", el("tr", *head)), el("tbody", body), last, **marks), class_="scroll"
    )


def heads(*names: str) -> list[Html]:
    """Column headings: the first for names, the others for numbers."""
    return [el("th", name, scope="col", class_="n" if place else None) for place, name in enumerate(names)]


def number(value: object, mark: str = "") -> Html:
    """A cell that holds a number."""
    return el("td", value, class_=f"n {mark}".strip())


def name_cell(name: str) -> Html:
    """The cell that names its row."""
    return el("th", name, scope="row", class_="name")


def folded(title: str, content: Html) -> Html:
    """Something that opens on request, also without JavaScript."""
    return el("details", el("summary", title), content)


# --- small charts ------------------------------------------------------------------------------------------


def svg(width: float, height: float, title: str, *children: object, **marks: object) -> Html:
    """A drawing with a title that is read aloud in its place."""
    return el("svg", el("title", title), *children, viewBox=f"0 0 {width:g} {height:g}", role="img", **marks)


def rect(
    x: float, y: float, width: float, height: float, mark: str, title: str = "", radius: float = 0
) -> Html:
    """A filled rectangle, with a title to hover over if there is one."""
    inner = el("title", title) if title else ""
    rounded = f"{radius:g}" if radius else None
    size = {
        "x": f"{x:.2f}",
        "y": f"{y:.2f}",
        "width": f"{width:.2f}",
        "height": f"{height:.2f}",
        "rx": rounded,
    }
    return el("rect", inner, **size, class_=mark)


def text(x: float, y: float, words: str, mark: str = "", anchor: str | None = None) -> Html:
    """Words at a place."""
    return el("text", words, x=f"{x:.1f}", y=f"{y:.1f}", class_=mark or None, text_anchor=anchor)


def shorten(words: str, most: int) -> str:
    """The words, cut to `most` characters."""
    return words if len(words) <= most else words[: most - 1] + "…"


def stack(count: DatasetCount, mark: str = "stack") -> Html:
    """Where the landed rows went, as one bar of shares; a small share stays visible."""
    parts = [(fate, getattr(count, fate)) for fate in FATES if getattr(count, fate)]
    widths = [max(1000 * rows / count.accounted, 4) for _, rows in parts]
    x, shapes = 0.0, []
    for (fate, rows), width in zip(parts, widths, strict=True):
        share = width * 1000 / sum(widths)
        title = f"{say_count(rows, 'row')} {fate}"
        shapes.append(rect(x, 0, max(share - (2 if x + share < 999 else 0), 1), 12, f"f-{fate}", title))
        x += share
    title = ", ".join(f"{rows:,} {fate}" for fate, rows in parts) or "no rows"
    return svg(1000, 12, title, *shapes, class_=mark, preserveAspectRatio="none")


def bar(value: float, values: Iterable[float], mark: str = "f-new") -> Html:
    """A horizontal bar on the scale that all these values share; its number stands in a cell beside it."""
    scale = [0.0, *values]
    low, span = min(scale), (max(scale) - min(scale)) or 1
    start, end = sorted((1000 * (0 - low) / span, 1000 * (value - low) / span))
    shapes = [rect(start, 1, max(end - start, 3 if value else 0), 9, "f-held" if value < 0 else mark)]
    return el(
        "svg", *shapes, viewBox="0 0 1000 11", class_="bar", preserveAspectRatio="none", aria_hidden="true"
    )


def columns(
    title: str, total: str, points: Sequence[tuple[str, float]], say: Callable[[float], str], mark: str
) -> Html:
    """A figure of one column per point over a shared zero line, with round values at its side."""
    width, height, left, top = 480.0, 190.0, 56.0, 10.0
    ticks = _ticks([value for _, value in points])
    low, high, floor = ticks[0], ticks[-1], height - 24

    def y(value: float) -> float:
        return top + (high - value) / (high - low) * (floor - top)

    step = (width - left) / len(points)
    shapes = [
        el("path", d=f"M{left:g} {y(tick):.1f}H{width:g}", class_="line zero" if tick == 0 else "line")
        for tick in ticks
    ]
    shapes += [text(left - 8, y(tick) + 4, say(tick), "soft small", "end") for tick in ticks]
    for place, (label, value) in enumerate(points):
        gap = max(min(step * 0.22, 8), step - 72)
        body = min(y(value), y(0)), abs(y(value) - y(0))
        x = left + place * step + gap / 2
        shapes.append(
            rect(x, body[0], step - gap, body[1], "f-held" if value < 0 else mark, f"{label}: {say(value)}")
        )
    every = -(-len(points) // 5)
    shapes += [
        text(left + (place + 0.5) * step, height - 5, label, "soft small", "middle")
        for place, (label, _) in enumerate(points)
        if place % every == 0 and (len(points) == 1 or left + (place + 0.5) * step < width - 14)
    ]
    said = f"{title} by time, {points[0][0]} to {points[-1][0]}; the table below has the numbers"
    caption = el("figcaption", el("b", title), el("span", total, class_="soft"))
    return el("figure", caption, svg(width, height, said, *shapes, class_="chart"))


def _ticks(values: Sequence[float]) -> list[float]:
    """Three to six round values, zero among them, that enclose all values."""
    low, high = min(0.0, *values), max(0.0, *values)
    rough = Decimal((high - low) / 4 or 0.25)
    unit = Decimal(10) ** rough.adjusted()
    step = float(next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough))
    return (
        [step * place for place in range(-int(-low // step), int(-(-high // step)) + 1)]
        if low < high
        else [0.0, 1.0]
    )


def _brief(value: float) -> str:
    """A number for an axis or a cell: `950`, `1.2k`, `3.4M`."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g}{letter}".replace("-", "−")
    return f"{value:.3g}".replace("-", "−")


# --- the parts of the page ---------------------------------------------------------------------------------


def _headline(summary: RunSummary) -> Html:
    names = sorted({problem.domain for problem in summary.problems})
    landed = summary.total.landed
    if names:
        state, mark = "Failed", "bad"
        said = f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]
        first = f"{said} failed{_went_on(summary, names)}"
    elif not landed:
        state, mark, first = "Nothing new", "quiet", "Nothing new had landed"
    else:
        state, mark, first = "Done", "ok", f"{say_count(landed, 'row')} landed, every one accounted for"
    reasons = join(el("li", el("b", each.domain), each.message) for each in summary.problems)
    started = summary.started_at
    moment = started.astimezone(UTC) if started.tzinfo else started
    about = {
        "run": summary.run_id,
        "started": f"{moment.day} {moment:%b %Y, %H:%M} UTC",
        "delivery": summary.delivery,
        "lake": summary.lake,
    }
    facts = join(el("div", el("dt", key), el("dd", value)) for key, value in about.items())
    warnings = join(el("li", warning) for warning in summary.warnings)
    return join(
        [
            el("p", state, class_=f"state {mark}"),
            el("h1", first),
            el("ul", reasons, class_="problems") if reasons else Html(),
            el("dl", facts, class_="about"),
            el("ul", warnings, class_="warnings", aria_label="Warnings") if warnings else Html(),
        ]
    )


def _went_on(summary: RunSummary, failed: Sequence[str]) -> str:
    """The domains that reached the fact all the same, when none but whole domains failed."""
    domains = {count.domain for count in summary.datasets}
    others = sorted(domains - set(failed))
    if not others or not set(failed) <= domains:
        return ""
    return f"; {others[0]} went on" if len(others) == 1 else f"; the other {len(others)} domains went on"


def _accounting(summary: RunSummary) -> Html:
    total = summary.total
    shown = [fate for fate in FATES if fate != "held" or total.held]
    terms = [el("div", el("b", f"{total.landed:,}"), el("span", "landed"))]
    for place, fate in enumerate(shown):
        sign = "+" if place else "=" if total.balanced else "≠"
        rows = el("div", el("b", f"{getattr(total, fate):,}"), el("span", fate, class_=fate))
        terms.append(el("div", el("i", sign), rows, class_="term"))
    stores, days = {day.store_id for day in summary.fact}, {day.dt for day in summary.fact}
    numbers = {"rows merged into silver": f"{total.merged:,}", "rows in the fact": f"{summary.fact_rows:,}"}
    if summary.fact:
        for noun, found in (("store", len(stores)), ("day", len(days))):
            numbers[noun if found == 1 else f"{noun}s"] = f"{found:,}"
        numbers["net revenue"] = say_money(net_revenue(summary.fact))
    numbers["from start to end"] = say_seconds(summary.seconds)
    tiles = join(el("div", el("dt", key), el("dd", value)) for key, value in numbers.items())
    return el(
        "div", el("div", *terms, class_="sum"), stack(total), el("dl", tiles, class_="numbers"), class_="card"
    )


def _rows(rows: int) -> str:
    """A count as the drawing has room for it; the table under it is exact."""
    return f"{rows:,}" if rows < 1_000_000 else _brief(rows)


def _writes(count: DatasetCount) -> list[str]:
    """What the merges wrote, in words."""
    return [
        f"{_rows(rows)} {what}"
        for what in ("inserted", "updated", "deleted")
        if (rows := getattr(count, what))
    ]


def _ribbon(x1: float, y1: float, x2: float, y2: float, thick: float, mark: str) -> Html:
    """A band from one place to another; y1 and y2 are its upper edges."""
    middle = (x1 + x2) / 2
    upper = f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    low1, low2 = y1 + thick, y2 + thick
    back = f"V{low2:.1f}C{middle:.1f} {low2:.1f} {middle:.1f} {low1:.1f} {x1:.1f} {low1:.1f}Z"
    return el("path", d=upper + back, class_=f"ribbon {mark}")


def _lane(count: DatasetCount, y: float, thick: float) -> tuple[list[Html], float]:
    """One dataset's way from landing to silver, and the height it takes."""
    edge, whole, middle = y + 24, max(count.accounted, 1), y + 24 + thick / 2
    name = el(
        "text", el("title", count.dataset), shorten(count.dataset, 19), x=0, y=f"{middle - 2:.1f}", class_="b"
    )
    shapes = [name, text(0, middle + 15, shorten(count.domain, 22), "soft small")]
    if not count.landed:
        line = el("path", d=f"M168 {middle:.1f}H714", class_="line dash")
        return [*shapes, line, text(176, middle - 9, "nothing new", "soft small")], 64
    shapes += [rect(168, edge, 7, thick, "f-new", radius=2), _ribbon(175, edge, 330, edge, thick, "f-bronze")]
    shapes += [
        text(182, edge - 8, f"{_rows(count.landed)} landed"),
        rect(330, edge, 7, thick, "f-bronze", radius=2),
    ]
    good = max(thick * count.good / whole, 2) if count.good else 0
    if good:
        shapes += [
            _ribbon(337, edge, 700, edge, good, "f-good"),
            text(444, edge - 8, f"{_rows(count.good)} good", "b"),
        ]
        shapes.append(rect(700, edge, 7, good, "f-silver", radius=2))
    written = edge + good + 18
    for words in _writes(count):
        shapes.append(text(707, written, words, "soft small", "end"))
        written += 16
    leaving, end = _leaving(count, edge + good, edge + thick, thick / whole)
    return shapes + leaving, max(end, written - 12, edge + thick) + 18 - y


def _leaving(count: DatasetCount, edge: float, floor: float, scale: float) -> tuple[list[Html], float]:
    """The bands that turn off below the good rows, and where the last of them ends."""
    shapes: list[Html] = []
    low = floor + 8
    for fate in FATES[1:]:
        if rows := getattr(count, fate):
            part = max(rows * scale, 2)
            high = max(part, 8)
            shapes.append(_ribbon(337, edge, 430, low + (high - part) / 2, part, f"f-{fate}"))
            shapes.append(rect(430, low, 7, high, f"f-{fate}", radius=2))
            shapes.append(text(444, low + high / 2 + 4.5, f"{_rows(rows)} {fate}"))
            edge, low = edge + part, low + high + 11
    return shapes, low - 11


def _flow_wide(summary: RunSummary) -> Html:
    most = max((count.landed for count in summary.datasets), default=0) or 1
    shapes, ends, y = _stages(), [], 34.0
    for count in summary.datasets:
        thick = 10 + 22 * (count.landed / most) ** 0.5
        lane, height = _lane(count, y, thick)
        shapes += lane
        good = max(thick * count.good / max(count.accounted, 1), 2) if count.landed else thick
        if count.good or not count.landed:
            ends.append((y + 24 + good / 2, "way" if count.good else "line dash"))
        y += height
    bottom = max(y, 250)
    mart = 34 + (bottom - 34) / 2 - 45
    for start, mark in ends:
        shapes.append(
            el("path", d=f"M712 {start:.1f}C800 {start:.1f} 790 {mart:.1f} 868 {mart:.1f}", class_=mark)
        )
    total = summary.total
    said = f"{total.landed:,} rows landed: " + ", ".join(f"{getattr(total, fate):,} {fate}" for fate in FATES)
    return svg(1080, bottom, said, *shapes, *_mart(mart, summary.fact_rows), class_="flow-wide")


def _stages() -> list[Html]:
    """The heads of the columns."""
    stages = ((168, "landing", "f-new"), (330, "bronze", "f-bronze"), (430, "judged", "f-good"))
    last = ((700, "silver", "f-silver"), (868, "mart and views", "f-gold"))
    return [
        shape
        for x, stage, mark in (*stages, *last)
        for shape in (rect(x, 4, 7, 13, mark, radius=2), text(x + 14, 15, stage, "soft"))
    ]


def _mart(y: float, rows: int) -> list[Html]:
    """The mart and what analysts see of it."""
    return [
        rect(868, y - 37, 211, 74, "box", radius=8),
        text(884, y - 5, "fct_daily_store_metrics", "b"),
        text(884, y + 17, say_count(rows, "row")),
        el("path", d=f"M973 {y + 37:.1f}v40m-6 -8l6 8l6 -8", class_="way"),
        rect(868, y + 83, 211, 60, "box", radius=8),
        text(884, y + 109, "Athena views", "b"),
        text(884, y + 129, "what analysts query", "soft small"),
    ]


def _flow_narrow(summary: RunSummary) -> Html:
    lanes = []
    for count in summary.datasets:
        landed = f"{count.landed:,} landed" if count.landed else "nothing new"
        key = join(
            el("span", f"{rows:,} {fate}", class_=fate) for fate in FATES if (rows := getattr(count, fate))
        )
        writes = ", ".join(_writes(count))
        end = el("p", f"→ silver: {writes}", class_="soft") if writes else Html()
        top = el("div", el("h3", count.dataset), el("span", landed), class_="row")
        lanes.append(el("li", top, stack(count) if key else Html(), el("div", key, class_="key"), end))
    mart = el(
        "div",
        el("h3", "fct_daily_store_metrics"),
        el("span", say_count(summary.fact_rows, "row")),
        class_="row",
    )
    return el(
        "ol",
        *lanes,
        el("li", mart, el("p", "→ Athena views", class_="soft"), class_="end"),
        class_="flow-narrow",
    )


def _counts_table(summary: RunSummary) -> Html:
    names = ("landed", *FATES, "inserted", "updated", "deleted")

    def cells(count: DatasetCount) -> list[Html]:
        values = [number(f"{getattr(count, name):,}") for name in names]
        return [name_cell(count.dataset), *values, number("yes" if count.balanced else "no")]

    rows = [cells(count) for count in summary.datasets]
    return folded(
        "The same as a table", table(heads("dataset", *names, "balanced"), rows, cells(summary.total))
    )


def _quality(summary: RunSummary) -> Html:
    counts = {count.dataset: count for count in summary.datasets}
    asked: dict[str, list[RuleCount]] = {name: [] for name in counts}
    for rule in summary.rules:
        asked.setdefault(rule.dataset, []).append(rule)
    if not summary.rules:
        return el("div", el("p", "No batch was judged in this run.", class_="none"), class_="card")
    scale = max(0.05, *map(_share, summary.rules))  # one scale for all, so that bars compare between datasets
    return join(_suite(name, rules, counts.get(name), scale) for name, rules in asked.items())


def _suite(dataset: str, rules: Sequence[RuleCount], count: DatasetCount | None, scale: float) -> Html:
    broken = sorted((rule for rule in rules if rule.failed), key=lambda rule: -rule.failed)
    kept = [rule for rule in rules if not rule.failed]
    said = f"{say_count(len(rules), 'rule')}, {len(broken)} broken" if rules else "no batch judged"
    parts = [el("div", el("h3", dataset), el("span", said, class_="soft"), class_="row")]
    if count and count.accounted:
        parts += [el("p", stack(count, "stack thin"), style="margin: 10px 0 12px")]
    if broken:
        parts.append(_rules(broken, scale))
    if kept:
        parts.append(folded(f"{say_count(len(kept), 'rule')} that every row kept", _rules(kept, scale)))
    return el("div", *parts, class_="card")


def _share(rule: RuleCount) -> float:
    return rule.failed / rule.seen if rule.seen else 0.0


def _rules(rules: Sequence[RuleCount], scale: float) -> Html:

    def cells(rule: RuleCount) -> list[Html]:
        effect = el("span", ON_FAILURE.get(rule.on_failure, rule.on_failure), class_="chip")
        words = el("th", rule.sentence, el("code", rule.rule), scope="row", class_="rule name")
        numbers = [number(f"{rule.seen:,}"), number(f"{rule.failed:,}"), number(f"{_share(rule):.2%}")]
        mark = "f-quarantined" if rule.on_failure != "fail" else "f-held"
        shown = el("td", bar(_share(rule), [scale], mark), class_="optional", style="width: 18%")
        return [words, el("td", effect, class_="optional"), *numbers, shown]

    head = heads("rule", "seen", "failed", "share")
    head.insert(1, el("th", "a failure", scope="col", class_="optional"))
    head.append(el("th", el("span", "share as a bar", class_="vh"), scope="col", class_="optional"))
    return table(head, [cells(rule) for rule in rules])


# --- the fact ----------------------------------------------------------------------------------------------


def together(days: Sequence[FactDay], store: str = "all") -> FactDay:
    """These rows of the fact as one, its conversion weighted by sessions."""
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
    """What one column shows (a day, a month or a year), how to round a day to it, and the columns' labels."""
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


def _fact(summary: RunSummary) -> Html:
    if not summary.fact:
        words = "The fact has no rows yet." if not summary.fact_rows else "The fact was not read in this run."
        return el("div", el("p", words, class_="none"), class_="card", style="margin-top: 14px")
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
    lead = f"{say_count(summary.fact_rows, 'row')} of fct_daily_store_metrics, {first} to {last}."
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

    def chart(
        title: str, total: str, value: Callable[[FactDay], float], mark: str, money: bool = False
    ) -> Html:
        points = [(label, float(value(sums.get(period, none)))) for period, label in labels.items()]
        return columns(title, total, points, _brief_euro if money else _brief, mark)

    charts = [
        chart("Net revenue", say_money(whole.net_revenue), lambda day: float(day.net_revenue), "f-new", True),
        chart(
            "Gross margin", say_money(whole.gross_margin), lambda day: float(day.gross_margin), "f-good", True
        ),
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
    return f"{'−' if value < 0 else ''}€{_brief(abs(value))}"


def _money_heads(first: str) -> list[Html]:
    return heads(first, "net revenue", "gross margin", "orders", "sessions", "conversion")


def _money_row(name: str, day: FactDay) -> list[Html]:
    money = [
        number(say_money(amount), "held" if amount < 0 else "")
        for amount in (day.net_revenue, day.gross_margin)
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
    if rest:  # no bar: beside hundreds of stores together the single ones would vanish
        others = len({day.store_id for day in rest})
        rows.append(cells(say_count(others, "other store"), together(rest)))
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
        words = f"{store}, {labels[period]}: {say_money(amount)}"
        return el("td", el("span", _brief(float(amount))), class_=mark, style=f"--v:{share:.3f}", title=words)

    dense = len(labels) > 20
    every = -(-len(labels) // 8) if dense else 1
    head = [el("th", el("span", "store", class_="vh"), scope="col")]
    for place, label in enumerate(labels.values()):
        head.append(el("th", el("span", label), scope="col", class_="skip" if place % every else None))
    rows = [
        [el("th", store, scope="row", title=store), *(cell(store, period) for period in labels)]
        for store in top
    ]
    words = f"The strongest colour is {say_money(most)}; red is negative, an outline means no row."
    return join(
        [
            el("p", words, class_="lead"),
            table(head, rows, class_="heat dense" if dense else "heat few" if len(labels) < 8 else "heat"),
        ]
    )


def _by_period(days: Iterable[FactDay], start: Callable[[date], date]) -> dict[date, Decimal]:
    sums: dict[date, Decimal] = defaultdict(Decimal)
    for day in days:
        sums[start(day.dt)] += day.net_revenue
    return sums


# --- time and links ----------------------------------------------------------------------------------------


def _steps(summary: RunSummary) -> Html:
    marks = {"done": "f-new", "failed": "f-held"}
    values = [step.seconds for step in summary.steps]
    rows = [
        [
            name_cell(step.name),
            el("td", bar(step.seconds, values, marks.get(step.state, "f-ignored")), class_="wide"),
            number(say_seconds(step.seconds)),
            el(
                "td",
                el("span", step.state, class_=f"chip {step.state}") if step.state != "done" else "done",
                class_="n none",
            ),
        ]
        for step in summary.steps
    ]
    head = heads("step", "seconds", "state")
    head.insert(1, el("th", el("span", "seconds as a bar", class_="vh"), scope="col"))
    return el(
        "div",
        table(head, rows, class_="steps") if rows else el("p", "No step ran.", class_="none"),
        class_="card",
    )


def _links(summary: RunSummary) -> Html:
    """The links; quoting the path keeps it one of this page's own folder, whatever it looks like."""
    items = [el("li", el("a", link.title, href=quote(link.path, safe="/._-~#?=&"))) for link in summary.links]
    return el("ul", *items, class_="links") if items else el("p", "No pages were written.", class_="none")
