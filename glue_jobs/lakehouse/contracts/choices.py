"""What a contract can choose between, in its own words. Imports nothing."""

from __future__ import annotations

from enum import StrEnum


class MergeStrategy(StrEnum):
    """Which versions of a key silver keeps: the latest one, the first one, or all of them with their validity.

    APPEND is for rows without a key: silver keeps each delivered row once.
    """

    UPSERT = "upsert"
    INSERT_ONLY = "insert_only"
    SCD2 = "scd2"
    APPEND = "append"


class MergeMode(StrEnum):
    """How a row of silver is replaced: its file is rewritten, or a deletion vector marks the old row."""

    COPY_ON_WRITE = "copy_on_write"
    DELETION_VECTORS = "deletion_vectors"


class Ties(StrEnum):
    """Which of several contents of a key with one sequence stays: that which landed last, or first.

    QUARANTINE keeps every content out that ties with one that passed before, and all that landed together.
    """

    NEWEST = "newest"
    FIRST = "first"
    QUARANTINE = "quarantine"


class Drift(StrEnum):
    """What happens to a file whose columns are not those of the contract; without a required one it is refused.

    STRICT refuses the file, IGNORE drops the columns that the contract does not have, RESCUE keeps them as JSON.
    """

    STRICT = "strict"
    IGNORE = "ignore"
    RESCUE = "rescue"


class FileFormat(StrEnum):
    """Formats of delivered files; `json` is a document that is or holds an array."""

    CSV = "csv"
    JSON_LINES = "json_lines"
    JSON = "json"
    PARQUET = "parquet"
    AVRO = "avro"
    XLSX = "xlsx"

    @property
    def is_json(self) -> bool:
        """Whether its rows are JSON objects."""
        return self in (FileFormat.JSON_LINES, FileFormat.JSON)

    @property
    def is_binary(self) -> bool:
        """Whether it is no text, and has columns with types of their own."""
        return self in (FileFormat.PARQUET, FileFormat.AVRO, FileFormat.XLSX)
