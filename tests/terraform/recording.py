"""The calls that each role was seen to make, kept in `recorded_calls.json` for the quick tests.

Names that differ from run to run are left out: of an object only its folder is kept; no policy of ours looks further.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.policy.iam import Call

FILE = Path(__file__).with_name("recorded_calls.json")
_OBJECT = "<file>"
_RUN_TIME = re.compile(r"\d{8}T\d{6}(\.\d+Z|Z-[0-9a-f]+)")
"""How Great Expectations names the folder of one validation, and a build of the marts that of its candidate."""


def folded(calls: Iterable[Call]) -> list[Call]:
    """The calls with the last part of each object's name left out, each once, sorted."""
    return sorted({_fold(call) for call in calls})


def _fold(call: Call) -> Call:
    if not call.action.startswith("s3:"):
        return call
    context = tuple((name, _folder_of(value) if name == "s3:prefix" else value) for name, value in call.context)
    return Call(call.action, _folder_of(call.resource) if "/" in call.resource else call.resource, context)


def _folder_of(key: str) -> str:
    """A key without what is named anew in each run."""
    parts = [_part(part) for part in key.rstrip("/").split("/")]
    # A name without a suffix is that of a folder somebody looked for.
    if "." in parts[-1]:
        parts[-1] = _OBJECT
    return "/".join(parts) + ("/" if key.endswith("/") else "")


def _part(name: str) -> str:
    """A day's folder stands for all of them, and so does that of a validation."""
    return name.split("=")[0] + "=<value>" if "=" in name else _RUN_TIME.sub("<time>", name)


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
