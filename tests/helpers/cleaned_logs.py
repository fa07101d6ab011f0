"""Delta logs as they are after their retention: a checkpoint, its own commit, and no commit before it."""

from __future__ import annotations

from pathlib import Path

from deltalake import DeltaTable


def clean_log(path: str | Path, keep: int = 1) -> None:
    """Checkpoint a table and delete all commits but the newest, or the newest few."""
    DeltaTable(str(path)).create_checkpoint()
    log = Path(path, "_delta_log")
    newest = DeltaTable(str(path)).version()
    for file in [*log.glob("[0-9]*.json"), *log.glob(".[0-9]*.json.crc"), *log.glob("[0-9]*.crc")]:
        if int(file.name.lstrip(".").split(".")[0]) <= newest - keep:
            file.unlink()


def clean_logs(root: str | Path) -> int:
    """The same with every table below a folder; returns how many there were."""
    tables = [log.parent for log in Path(root).rglob("_delta_log")]
    for table in tables:
        clean_log(table)
    return len(tables)
