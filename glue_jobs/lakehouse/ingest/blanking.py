"""Takes a person's records out of raw files: blanks in their place, so that size, time and every other line stay.

A file is known by its path, size and time, so it is no new delivery afterwards, and the same file that is delivered
again is not kept a second time; on S3, where each content has another ETag, `lake/blanked.py` sees to it. A file that
is no plain text is blanked as a whole: bronze has its other rows.
"""

from __future__ import annotations

import mmap
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.contracts.columns import ROW_ID, SOURCE_FILE
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import Encoding
from lakehouse.ingest.casting import with_types
from lakehouse.ingest.header import Header, read_header
from lakehouse.ingest.lines import FILE_STEP, same_splits
from lakehouse.ingest.reading import read_rows
from lakehouse.lake.blanked import WAS
from lakehouse.lake.erasures import Subject
from lakehouse.lake.every_file import s3
from lakehouse.lake.files import StoredFile, split_s3, taking_its_place
from lakehouse.lake.paths import Lake, is_s3
from lakehouse.lake.subject_rows import of_parsed
from lakehouse.runtime.context import Context

_PART = 1 << 20
_ONE_PUT = 5 << 30
"""The most bytes that S3 takes by one request."""
_HALF_WRITTEN = re.compile(r"\.[0-9a-f]{16}\.\d+")
"""The names of `taking_its_place`."""


@dataclass(frozen=True)
class Records:
    """What a raw file holds of a person. lines: first line of each record and the first after it (None: to the end).

    whole: why the file is blanked as a whole; None where its lines are enough. separator: what ends a line.
    """

    file: StoredFile
    number: int
    lines: tuple[tuple[int, int | None], ...] = ()
    whole: str | None = None
    separator: str | None = None


def records_of(
    context: Context, dataset: Dataset, files: Sequence[StoredFile], subjects: Sequence[Subject]
) -> list[Records]:
    """Find a person's records in raw files of a dataset by reading them as ingest does."""
    root = context.lake.landing(dataset.domain)
    headers = {file: read_header(root, file, dataset) for file in files}
    refused = [file for file, header in headers.items() if header.problem is not None]
    plain = {file: header for file, header in headers.items() if file not in refused and _is_plain(header, dataset)}
    others = {file: header for file, header in headers.items() if file not in refused and file not in plain}
    found = [Records(file, 0, whole="it was refused, so no row of it is needed") for file in refused]
    found += [
        Records(file, len(lines), lines, separator=None if dataset.file_format.is_json else plain[file].separator)
        for file, lines in _matches(context, dataset, plain, subjects).items()
    ]
    packed = _matches(context, dataset, others, subjects)
    found += [Records(file, len(lines), whole="its format has no lines to blank") for file, lines in packed.items()]
    return sorted(found, key=lambda records: records.file)


def _is_plain(header: Header, dataset: Dataset) -> bool:
    """Whether the file is text in which a line is found by its bytes."""
    is_bytes = header.is_repair or dataset.file_options.encoding is not Encoding.UTF_16
    return is_bytes and not (header.is_whole or header.codec or dataset.file_format.is_binary)


def _matches(
    context: Context, dataset: Dataset, headers: Mapping[StoredFile, Header], subjects: Sequence[Subject]
) -> dict[StoredFile, tuple[tuple[int, int | None], ...]]:
    """The lines of the person's records by file, of files that can be read."""
    if not headers:
        return {}
    spark, root = context.spark(), context.lake.landing(dataset.domain)
    found: dict[StoredFile, list[tuple[int, int | None]]] = {}
    with same_splits(spark):
        rows = with_types(read_rows(spark, root, list(headers.items()), dataset), dataset)
        for row in _own(rows, subjects).collect():
            file = _file_of(row[SOURCE_FILE], headers)
            last = None if row["_next"] is None else row["_next"] % FILE_STEP
            found.setdefault(file, []).append((row[ROW_ID] % FILE_STEP, last))
    return {file: tuple(sorted(lines)) for file, lines in found.items()}


def _own(rows: DataFrame, subjects: Sequence[Subject]) -> DataFrame:
    """The person's rows by file and number, and the number of the row after each."""
    after = F.lead(ROW_ID).over(Window.partitionBy(SOURCE_FILE).orderBy(ROW_ID))
    marked = rows.select(SOURCE_FILE, ROW_ID, of_parsed(rows, subjects).alias("_own"))
    return marked.withColumn("_next", after).where("_own").select(SOURCE_FILE, ROW_ID, "_next")


def _file_of(source: str, headers: Mapping[StoredFile, Header]) -> StoredFile:
    """The file of a row; the source of one from an archive has the name in it behind that of the archive."""
    return next(file for file in headers if source == file.path or source.startswith(f"{file.path}/"))


def blank(lake: Lake, domain: str, records: Records) -> StoredFile:
    """Write blanks in the place of a person's records; a file that is replaced has them all or none.

    Returns the file as it is then: on S3 under another version, which the log of batches has to get to know.
    """
    root = lake.landing(domain)
    if is_s3(root):
        return _blank_object(root, records)
    path = Path(root, records.file.path)
    before = path.stat()
    with taking_its_place(path) as partial:
        shutil.copyfile(path, partial)
        with partial.open("r+b") as copy:
            _blank_in(copy, records)
        os.utime(partial, ns=(before.st_atime_ns, before.st_mtime_ns))
    return records.file


def _blank_object(root: str, records: Records) -> StoredFile:
    """Put a blanked copy over an object, by one request if it is not too large: then a killed one leaves nothing.

    The copy on this machine has no name, so that none is left of it either. What a source said about the object goes.
    """
    from boto3.s3.transfer import TransferConfig

    bucket, prefix = split_s3(root)
    client, key = s3(), f"{prefix}/{records.file.path}"
    with tempfile.TemporaryFile() as copy:
        client.download_fileobj(bucket, key, copy)
        if not _blank_in(copy, records):
            return records.file
        about = client.head_object(Bucket=bucket, Key=key)
        said = {name: about[name] for name in ("ContentType", "ContentEncoding") if name in about}
        said["Metadata"] = {WAS: records.file.version}
        copy.seek(0)
        client.upload_fileobj(copy, bucket, key, said, Config=TransferConfig(multipart_threshold=_ONE_PUT))
    after = client.head_object(Bucket=bucket, Key=key)
    return StoredFile(records.file.path, after["ContentLength"], after["ETag"].strip('"'))


def _blank_in(copy: IO[bytes], records: Records) -> bool:
    """Blank the records in a copy of their file; tells whether that changed it."""
    copy.flush()
    changed = False
    for begin, end in list(_places(copy.fileno(), records)):
        changed |= _write_blanks(copy.fileno(), begin, end)
    return changed


def remove_half_written(folder: Path) -> None:
    """Remove what a process that was killed while it blanked a file has left beside it."""
    for file in folder.rglob(".*"):
        if file.is_file() and _HALF_WRITTEN.fullmatch(file.name):
            file.unlink(missing_ok=True)


def _places(file: int, records: Records) -> Iterator[tuple[int, int]]:
    """Begin and end of what is to be blank, in bytes."""
    size = records.file.size
    if records.whole is not None or size == 0:
        yield 0, size
        return
    starts = {first for first, _ in records.lines} | {after for _, after in records.lines if after is not None}
    with mmap.mmap(file, 0, access=mmap.ACCESS_READ) as content:
        places = dict(_line_starts(content, records.separator, starts))
        for first, after in records.lines:
            yield places[first], places.get(after or 0, size)


def _line_starts(content: mmap.mmap, separator: str | None, wanted: set[int]) -> Iterator[tuple[int, int]]:
    """The wanted lines, counted from 1, and where each begins."""
    ends = re.compile(rb"\r\n|\n|\r" if separator is None else re.escape(separator.encode()))
    if 1 in wanted:
        yield 1, 0
    for number, end in enumerate(ends.finditer(content), start=2):
        if number in wanted:
            yield number, end.end()


def _write_blanks(file: int, begin: int, end: int) -> bool:
    """Blanks for every byte but those that end lines; tells whether there was another."""
    changed = False
    for at in range(begin, end, _PART):
        held = os.pread(file, min(_PART, end - at), at)
        blanks = re.sub(rb"[^\r\n]", b" ", held)
        changed |= blanks != held
        os.pwrite(file, blanks, at)
    return changed
