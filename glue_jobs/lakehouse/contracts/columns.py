"""A column of a contract, and every column that the lakehouse adds to the delivered ones, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lakehouse.contracts.money import Money
from lakehouse.contracts.values import AS_WRITTEN, Values

ARRAY, MAP = "array", "map"
COLLECTIONS = (ARRAY, MAP)


@dataclass(frozen=True)
class Column:
    """One column: its physical type in the words of Spark SQL, and what the contract says of it.

    pii: the values, or those of a field, are personal data. physical_name: its name in delivered files, if another.
    values: how their text is read. money: what its amounts are in. items: an array's elements, a map's values.
    """

    name: str
    type: str
    required: bool
    description: str
    pii: bool = False
    fields: tuple[Column, ...] = ()
    physical_name: str | None = None
    values: Values = AS_WRITTEN
    money: Money | None = None
    items: Column | None = None

    @property
    def is_nested(self) -> bool:
        """Whether its values have values in them."""
        return bool(self.fields) or self.items is not None

    @property
    def element(self) -> Column | None:
        """What the table's column is a list of; a map is kept as the list of its entries, sorted by their keys."""
        if self.items is None or self.type == ARRAY:
            return self.items
        return Column("element", "struct", True, "An entry.", fields=(MAP_KEY, self.items))

    @property
    def delivered_name(self) -> str:
        """The column's name in delivered files."""
        return self.physical_name or self.name

    @property
    def spark_type(self) -> str:
        """The type as Spark's DDL, nested ones included."""
        if self.element is not None:
            return f"array<{self.element.spark_type}>"
        if not self.fields:
            return self.type
        return "struct<" + ", ".join(f"{field.name}: {field.spark_type}" for field in self.fields) + ">"

    @property
    def type_rule(self) -> str:
        """Name of the rule that the delivered text fits the type."""
        return f"{self.name}_is_{re.sub(r'[^a-z0-9]+', '_', self.type).strip('_')}"

    @property
    def required_rule(self) -> str:
        """Name of the rule that it has a value."""
        return f"{self.name}_required"

    @property
    def is_json_string(self) -> bool:
        """Whether JSON writes its values between quotes."""
        return self.type in ("string", "timestamp", "date") and not self.values.epoch_unit

    @property
    def exists_rule(self) -> str:
        """Name of the rule that its clock showed a time: on the day when it is set forward an hour is skipped."""
        return f"{self.name}_exists_in_its_time_zone"

    @property
    def once_rule(self) -> str:
        """Name of the rule that its clock showed a time once: on the day when it is set back an hour is repeated."""
        return f"{self.name}_is_one_instant"

    @property
    def epoch_rule(self) -> str:
        """Name of the rule that a number since 1970 counts what the contract says, by the years that it comes to."""
        return f"{self.name}_is_{self.values.format}"

    @property
    def reading_rules(self) -> tuple[str, ...]:
        """Names of all rules that say whether the delivered text can be read."""
        of_clock = (self.exists_rule, self.once_rule) if self.values.time_zone else ()
        return (self.type_rule, *of_clock, *((self.epoch_rule,) if self.values.epoch_unit else ()))


MAP_KEY = Column("key", "string", True, "Its name.")
"""What an entry of a map has beside its value."""


def with_fields(columns: Iterable[Column], parent: str = "") -> Iterator[tuple[str, str]]:
    """The names and types of columns and of their fields, those as `device.os`."""
    for column in columns:
        yield parent + column.name, column.type
        yield from with_fields(column.fields, f"{parent}{column.name}.")


def partition_rule(column: str) -> str:
    """Name of the rule that a value can name a partition's folder."""
    return f"{column}_fits_a_partition"


ROW_ID = "_row_id"
BATCH_ID = "_batch_id"
SOURCE_FILE = "_source_file"
RESCUED = "_rescued"
REPAIR_OF = "_repair_of"
UTC_OFFSET = "_utc_offset"

# Of quarantine alone.
RAW_TEXT = "_raw_text"
BROKEN_RULES = "_broken_rules"
STEP = "_step"
QUARANTINED_AT = "_quarantined_at"
STATE = "_state"

# While a file is parsed: the delivered text of every column, and whether the row could be split into columns at all.
TEXT = "_text"
UNREADABLE = "_unreadable"

# While rows are merged that arrival orders: the batch and the row in it, of a repair those of the row that it repairs.
ARRIVED = "_arrived"

# While a batch is validated: whether another content has the row's key and sequence.
TIED = "_tied"

DATE_COLUMNS = (
    Column("dt", "date", True, "UTC date of the row."),
    Column("month", "string", True, "Month of dt as yyyy-MM."),
)
UTC = "UTC"
DELIVERED = "delivered"
"""The word of a contract for the clock that wrote a time, which its text tells by an offset from UTC."""


def date_columns(zone: str) -> tuple[Column, ...]:
    """The date columns of silver, described by the clock that they follow."""
    dt, month = DATE_COLUMNS
    said = {UTC: dt.description, DELIVERED: "Date of the row by the clock that its source wrote."}
    return (Column(dt.name, dt.type, dt.required, said.get(zone, f"Date of the row in {zone}.")), month)


VALIDITY_COLUMNS = (
    Column("valid_from", "timestamp", True, "From when the version holds."),
    Column("valid_to", "timestamp", False, "Until when the version held; null for the current one."),
    Column("is_current", "boolean", True, "True for the newest version."),
)
DELETED_COLUMN = Column("is_deleted", "boolean", True, "True once the source has deleted the row.")
RESCUED_COLUMN = Column(RESCUED, "string", False, "What was delivered beside the contract's columns, as JSON.")
REPAIR_COLUMN = Column(REPAIR_OF, "string", False, "Quarantined row, as batch:row, that this row repairs.")
OFFSET_COLUMN = Column(UTC_OFFSET, "int", False, "Minutes by which the clock of the delivered date was ahead of UTC.")
"""What bronze keeps where the delivered clock says to which day a row belongs; an instant no longer tells."""
BATCH_COLUMN = Column(BATCH_ID, "bigint", True, "Batch that last changed the row.")
ROW_COLUMN = Column(ROW_ID, "bigint", True, "Place of the row in its batch: its line, and which of the files.")

SYSTEM_COLUMNS = (RESCUED_COLUMN, REPAIR_COLUMN)
"""What bronze and quarantine have next to the contract's columns and the row's own place; null in most rows."""
