"""Rows that a deletion vector marks as deleted count in no total: a vector written by hand, after Delta's protocol."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.lake.delta_log import select
from lakehouse.lake.table_files import totals_of
from lakehouse.publish.parity import require_parity

_RFC1924 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_Z85 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def deletion_vector(first: int, second: int) -> dict[str, object]:
    """An inline vector of two rows: Delta's magic number, one bitmap of one array container with two values."""
    bitmap = struct.pack("<IIHHIHH", 12346, 1, 0, 1, 16, first, second)
    content = struct.pack("<IQI", 1681511377, 1, 0) + bitmap
    text = base64.b85encode(content).translate(bytes.maketrans(_RFC1924, _Z85)).decode()
    return {"storageType": "i", "pathOrInlineDv": text, "sizeInBytes": len(content), "cardinality": 2}


@pytest.fixture
def table(tmp_path: Path) -> DeltaTable:
    """Five rows, of which the second and the fourth are deleted."""
    write_deltalake(str(tmp_path), pa.table({"a": list(range(5))}))
    log = tmp_path / "_delta_log" / f"{0:020}.json"
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    features = {"readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]}
    for action in actions:
        if "protocol" in action:
            action["protocol"] = {"minReaderVersion": 3, "minWriterVersion": 7, **features}
        if "add" in action:
            action["add"]["deletionVector"] = deletion_vector(1, 3)
    log.write_text("".join(f"{json.dumps(action)}\n" for action in actions))
    return DeltaTable(str(tmp_path))


def test_deleted_rows_do_not_count(table: DeltaTable) -> None:
    assert (totals_of(table).rows, totals_of(table).files, len(select(table, "SELECT a FROM t"))) == (3, 1, 3)
    require_parity("silver.sales", table)
