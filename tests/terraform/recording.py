"""The calls that each role was seen to make, kept in `recorded_calls.json` for the quick tests.

Names that differ from run to run are left out: of an object only its folder is kept; no policy of ours looks further.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from terraform.iam import Call

FILE = Path(__file__).with_name("recorded_calls.json")
_OBJECT = "<file>"


def folded(calls: Iterable[Call]) -> list[Call]:
    """The calls with the last part of each object's name left out, each once, sorted."""
    return sorted({_fold(call) for call in calls})


def _fold(call: Call) -> Call:
    if not call.action.startswith("s3:") or call.resource.count("/") == 0:
        return call
    *folder, name = call.resource.split("/")
    # A day's folder stands for all of them; a name without a suffix is that of a folder somebody looked for.
    parts = [part.split("=")[0] + "=<value>" if "=" in part else part for part in (*folder, name)]
    last = _OBJECT if "." in name else parts[-1]
    return Call(call.action, "/".join([*parts[:-1], last]), call.context)


def write(made: Mapping[str, Iterable[Call]]) -> None:
    """Keep what was recorded, one call a line."""
    lines = {
        role: [[call.action, call.resource, dict(call.context)] for call in folded(calls)]
        for role, calls in sorted(made.items())
    }
    body = ",\n".join(
        f'  "{role}": [\n' + ",\n".join(f"    {json.dumps(line)}" for line in calls) + "\n  ]"
        for role, calls in lines.items()
    )
    FILE.write_text("{\n" + body + "\n}\n", encoding="utf-8")


def read() -> dict[str, list[Call]]:
    """What was recorded, by role."""
    recorded = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        role: [Call(action, resource, tuple(sorted(context.items()))) for action, resource, context in calls]
        for role, calls in recorded.items()
    }
