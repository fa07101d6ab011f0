"""A sample's text as a file of the form in which its dataset is delivered."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.file_options import Encoding
from lakehouse.ingest.look_plain import Form
from lakehouse.ingest.packed import Codec

Objects = list[dict[str, str | None]]


def as_delivered(text: str, form: Form) -> bytes:
    """CSV or JSON Lines as bytes of a form; in formats of typed columns each value is text, which every type takes."""
    if form.file_format.is_binary:
        rows = [json.loads(line, parse_int=str, parse_float=str) for line in text.splitlines()]
        return _BINARY[form.file_format]([{name: _as_text(value) for name, value in row.items()} for row in rows])
    if form.file_format is FileFormat.JSON:
        text = "[\n" + ",\n".join(text.splitlines()) + "\n]"
        for name in reversed(form.path):
            text = f"{{{json.dumps(name, ensure_ascii=False)}: {text}}}"
        text += "\n"
    content = text.encode("utf-8" if form.encoding is Encoding.UTF_8 else form.encoding.codec)
    return _PACKED[form.codec](content) if form.codec else content


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _parquet(rows: Objects) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    held = io.BytesIO()
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]}
    pq.write_table(pa.table(columns), held)
    return held.getvalue()


def _avro(rows: Objects) -> bytes:
    import fastavro

    held = io.BytesIO()
    fields = [{"name": name, "type": ["null", "string"]} for name in rows[0]]
    fastavro.writer(held, {"type": "record", "name": "row", "fields": fields}, rows)
    return held.getvalue()


def _xlsx(rows: Objects) -> bytes:
    import openpyxl  # type: ignore[import-untyped]

    book, held = openpyxl.Workbook(), io.BytesIO()
    for row in ([*rows[0]], *([*row.values()] for row in rows)):
        book.active.append(row)
    for cells in book.active.iter_rows():
        for cell in cells:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type  # no text becomes a formula
    book.save(held)
    return held.getvalue()


def _zstd(content: bytes) -> bytes:
    import pyarrow as pa

    packed: bytes = pa.compress(content, "zstd", asbytes=True)
    return packed


def _zip(content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sample", content)
    return held.getvalue()


_BINARY: Mapping[FileFormat, Callable[[Objects], bytes]] = {
    FileFormat.PARQUET: _parquet, FileFormat.AVRO: _avro, FileFormat.XLSX: _xlsx,
}  # fmt: skip
_PACKED: Mapping[Codec, Callable[[bytes], bytes]] = {
    Codec.GZIP: gzip.compress, Codec.BZ2: bz2.compress, Codec.ZSTD: _zstd, Codec.ZIP: _zip,
}  # fmt: skip
