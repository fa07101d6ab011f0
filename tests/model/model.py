"""What silver must hold after any deliveries: a plain Python model of what MERGE promises, without code of ours.

A row is a dict by column. Rows come in batches; `Silver.merge` takes one and says what became of its rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Row = dict[str, Any]
Key = tuple[Any, ...]
LATEST, FIRST, VERSIONS = "latest", "first", "versions"
NEWS = ("inserted", "updated", "deleted", "corrected")
"""What silver keeps of a key: its latest row, the first that came, or every version."""


@dataclass(frozen=True)
class Rules:
    """One dataset: its delivered columns in order, and how its rows meet.

    partition: the column of silver by which the rows are laid out, if any.
    """

    name: str
    keeps: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    sequence: str
    dated_by: str | None
    partition: str | None

    def key_of(self, row: Row) -> Key:
        """What silver holds one row of."""
        names = (*self.key, self.sequence) if self.keeps == VERSIONS else self.key
        return tuple(row[name] for name in names)

    def partition_of(self, row: Row) -> Key:
        """Where silver keeps a row; the same for all rows of a table without partitions."""
        return (row[self.partition],) if self.partition else ()

    def content(self, row: Row) -> tuple[Any, ...]:
        """The delivered values alone."""
        return tuple(row[name] for name in self.columns)

    def weight(self, row: Row) -> tuple[Any, ...]:
        """By what rows of one key and batch are compared: sequence, deleted, content; empty values are the smallest."""
        rest = [name for name in self.columns if name != self.sequence]
        deleted = bool(row.get("is_deleted"))
        return (_comparable(row[self.sequence]), deleted, *(_comparable(row[name]) for name in rest))

    def rivals_of(self, row: Row) -> Key:
        """What rows have in common that compete by content: the key and, where later rows count, the sequence."""
        names = self.key if self.keeps == FIRST else (*self.key, self.sequence)
        return tuple(row[name] for name in names)

    def landed_weight(self, landed: Landed) -> tuple[Any, ...]:
        """By what contents with one sequence are compared: the batch in which each landed first, then as within one."""
        return (landed.batch, self.weight(landed.row))


@dataclass(frozen=True)
class Landed:
    """A content, and the batch in which it was merged first."""

    batch: int
    row: Row


def _comparable(value: Any) -> tuple[Any, ...]:
    if isinstance(value, dict):
        return tuple(_comparable(inner) for inner in value.values())
    return (False,) if value is None else (True, value)


_ORDERS = ("order_id", "line_number", "store_id", "customer_id", "product_id", "quantity", "unit_price",
           "discount_amount", "status", "ordered_at", "updated_at", "is_deleted")  # fmt: skip
_LEADS = ("lead_id", "store_id", "full_name", "email", "phone", "source", "status", "created_at", "updated_at",
          "is_deleted")  # fmt: skip
_EVENTS = ("event_id", "session_id", "store_id", "customer_id", "event_type", "product_id", "url", "occurred_at",
           "received_at", "device")  # fmt: skip
_PRODUCTS = ("product_id", "name", "category", "list_price", "unit_cost", "is_active", "updated_at")
ORDERS, LEADS, EVENTS, PRODUCTS = "erp_orders", "crm_leads", "web_events", "products"
RULES = {
    ORDERS: Rules(ORDERS, LATEST, _ORDERS, _ORDERS[:2], "updated_at", "ordered_at", "dt"),
    LEADS: Rules(LEADS, LATEST, _LEADS, _LEADS[:1], "updated_at", "created_at", "month"),
    EVENTS: Rules(EVENTS, FIRST, _EVENTS, _EVENTS[:1], "received_at", "occurred_at", "dt"),
    PRODUCTS: Rules(PRODUCTS, VERSIONS, _PRODUCTS, _PRODUCTS[:1], "updated_at", None, None),
}


@dataclass(frozen=True)
class Outcome:
    """What became of a batch: its rows by fate, and the partitions that lost and that gained a row."""

    fates: Counter[str]
    losing: frozenset[Key]
    gaining: frozenset[Key]

    @property
    def news(self) -> int:
        """Rows that told silver something new."""
        return sum(self.fates[name] for name in NEWS)


@dataclass
class Silver:
    """One silver table."""

    rules: Rules
    kept: dict[Key, Row] = field(default_factory=dict)
    landed: dict[Key, dict[str, Landed]] = field(default_factory=dict)

    def merge(self, delivered: Sequence[Row], batch_id: int) -> Outcome:
        """Take the rows of a batch in."""
        before = self.table()
        self._land(delivered, batch_id)
        fates = Counter(rows=len(delivered))
        for row in self._one_per_key(delivered):
            key, old = self.rules.key_of(row), self.kept.get(self.rules.key_of(row))
            row = self._placed(row, batch_id)
            fate, row = self._fate(row, old, several=len(self._contents(row, delivered)) > 1)
            fates.update(keys=1, **{fate: 1})
            if fate in NEWS:
                fates["moved"] += old is not None and self.rules.partition_of(old) != self.rules.partition_of(row)
                fates["revived"] += bool(old and old.get("is_deleted") and not row["is_deleted"])
                self.kept[key] = row
        after = self.table()
        replaced = [(before[key], after[key]) for key in before if before[key] != after[key]]
        new = [after[key] for key in after if key not in before]
        return Outcome(
            fates,
            frozenset(self.rules.partition_of(old) for old, _ in replaced),
            frozenset(self.rules.partition_of(row) for row in (*new, *(row for _, row in replaced))),
        )

    def table(self) -> dict[Key, Row]:
        """The rows of the table by key, tombstones included."""
        rows = {key: dict(row) for key, row in self.kept.items()}
        return _with_validity(rows) if self.rules.keeps == VERSIONS else rows

    def _one_per_key(self, delivered: Iterable[Row]) -> list[Row]:
        """Of several rows of a key the newest speaks for it (what is never corrected: the oldest)."""
        pick = min if self.rules.keeps == FIRST else max
        by_key: dict[Key, list[Row]] = {}
        for row in delivered:
            by_key.setdefault(self.rules.key_of(row), []).append(row)
        return [pick(rows, key=self.rules.weight) for rows in by_key.values()]

    def _placed(self, row: Row, batch_id: int) -> Row:
        placed = {**row, "_batch_id": batch_id}
        if self.rules.dated_by:
            placed["dt"] = row[self.rules.dated_by].date()
        if self.rules.partition == "month":
            placed["month"] = f"{placed['dt']:%Y-%m}"
        return placed

    def _land(self, delivered: Iterable[Row], batch_id: int) -> None:
        """Note in which batch each content landed first."""
        for row in delivered:
            contents = self.landed.setdefault(self.rules.rivals_of(row), {})
            known = contents.get(repr(self.rules.content(row)))
            if known is None or batch_id < known.batch:
                contents[repr(self.rules.content(row))] = Landed(batch_id, row)

    def _contents(self, row: Row, delivered: Iterable[Row]) -> set[str]:
        """The contents of a batch that compete with those of a row of it."""
        rivals = self.rules.rivals_of(row)
        return {repr(self.rules.content(other)) for other in delivered if self.rules.rivals_of(other) == rivals}

    def _fate(self, row: Row, old: Row | None, several: bool) -> tuple[str, Row]:
        """What becomes of a row, and the row that silver then has. several: its batch has more contents of its time."""
        gone = row.get("is_deleted", False)
        if old is None:
            return ("deleted" if gone else "inserted"), row
        same = self.rules.content(row) == self.rules.content(old)
        before, at_once = row["_batch_id"] < old["_batch_id"], row[self.rules.sequence] == old[self.rules.sequence]
        if before if self.rules.keeps == FIRST else at_once and (before or several or not same):
            return self._tied(row, old)
        if same:
            return "unchanged", row
        if self.rules.keeps != LATEST or row[self.rules.sequence] < old[self.rules.sequence]:
            return "stale", row
        return ("deleted" if gone and not old["is_deleted"] else "updated"), row

    def _tied(self, row: Row, old: Row) -> tuple[str, Row]:
        pick = min if self.rules.keeps == FIRST else max
        best = pick(self.landed[self.rules.rivals_of(row)].values(), key=self.rules.landed_weight)
        if self.rules.content(best.row) == self.rules.content(old):
            return "unchanged", old
        return "corrected", self._placed(best.row, best.batch)


def _with_validity(versions: dict[Key, Row]) -> dict[Key, Row]:
    """Each version holds until the next of its product begins."""
    ordered = [versions[key] for key in sorted(versions)]
    for row in ordered:
        row.update(valid_from=row["updated_at"], valid_to=None, is_current=True)
    for row, following in pairwise(ordered):
        if row["product_id"] == following["product_id"]:
            row.update(valid_to=following["updated_at"], is_current=False)
    return versions
