"""When the steps of each mart ended well, from the ledger of steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deltalake import DeltaTable

from lakehouse.contracts.layers import MARTS
from lakehouse.lake.delta_log import select
from lakehouse.lake.runs import DONE, FAILED, NOTHING_NEW, instant


@dataclass(frozen=True)
class MartTimes:
    """The entries of the marts' steps, oldest first: one of each mart that was touched, and one of the step itself."""

    entries: Sequence[Mapping[str, Any]]

    @classmethod
    def since(cls, steps: DeltaTable | None, moment: datetime) -> MartTimes:
        """Those that were recorded after a moment, from an opened `ops.steps`."""
        sql = (
            "SELECT attempt_id, step, table_name, state, recorded_at FROM t "
            f"WHERE domain = '{MARTS}' AND recorded_at >= {instant(moment)} ORDER BY recorded_at"
        )
        return cls([] if steps is None else select(steps, sql))

    def of(self, step: str, mart: str) -> list[datetime]:
        """When a step ended well for a mart: it did something, or had nothing to do, while at most others failed."""
        own = [entry for entry in self.entries if entry["step"] == step]
        states = {(entry["attempt_id"], entry["table_name"]): entry["state"] for entry in own}
        failed = {entry["attempt_id"] for entry in own if entry["table_name"] and entry["state"] == FAILED}

        def is_well(entry: Mapping[str, Any]) -> bool:
            ended = entry["state"] in (DONE, NOTHING_NEW) or entry["attempt_id"] in failed
            return bool(states.get((entry["attempt_id"], mart), DONE if ended else FAILED) != FAILED)

        return [entry["recorded_at"] for entry in own if entry["table_name"] is None and is_well(entry)]
