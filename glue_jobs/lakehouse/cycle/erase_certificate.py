"""The certificate of an erasure: what was searched, how, when and by which digests a person was known; no value."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from lakehouse.cycle.erase_files import roots_of
from lakehouse.cycle.erase_verification import Verification
from lakehouse.cycle.erase_versions import not_searched
from lakehouse.cycle.erase_work import Work
from lakehouse.errors import UsageError
from lakehouse.lake.erasures import Erasure, known_by
from lakehouse.lake.files import exists, read_text, write_text
from lakehouse.lake.paths import Lake

FOLDER = "curated/docs/erasures"
Render = Callable[[Mapping[str, Any]], str]


class CertificateError(UsageError):
    """A certificate cannot be read, or is of other values."""

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}; give the certificate that erase wrote, and its subjects.")


def certificate_of(work: Work, erasure: Erasure, verification: Verification) -> dict[str, Any]:
    """What is kept of an erasure that was verified."""
    return {
        "request": erasure.request,
        "who": erasure.who,
        "why": erasure.why,
        "begun": erasure.recorded_at.isoformat(),
        "verified": verification.at.isoformat(),
        "result": "nothing found",
        "known by": [asdict(one) for one in erasure.known_by],
        "digest": "sha256 of the lake's salt and the value; the salt is in ops.erasures",
        "found by": {
            "bytes": sorted({needle.form for needle in work.sought.needles}),
            "columns": [subject.name for subject in work.subjects],
            "columns alone, for their values are too short": list(work.by_columns),
        },
        "searched below": _searched_below(work.context.lake),
        "searched": {name: asdict(one) for name, one in sorted(verification.searched.items())},
        "not searched": not_searched(work.context.lake),
        "time travel given up before version": dict(sorted(work.given_up.items())),
    }


def _searched_below(lake: Lake) -> list[str]:
    """The roots on S3; a folder of a disk may be moved."""
    return ["the folder of the lake"] if lake.is_local else [root for root, _ in roots_of(lake)]


def write_certificate(lake: Lake, certificate: Mapping[str, Any], render: Render | None = None) -> str:
    """Write the certificate as JSON, and as the page that `render` makes of it.

    Returns the path of the JSON below the root.
    """
    path = f"{FOLDER}/{certificate['request']}"
    if render is not None:
        write_text(f"{lake.root}/{path}.html", render(certificate), "text/html; charset=utf-8")
    write_text(f"{lake.root}/{path}.json", json.dumps(certificate, indent=2, ensure_ascii=False), "application/json")
    return f"{path}.json"


def read_certificate(path: str, work: Work, salt: str | None) -> dict[str, Any]:
    """A certificate that is of these subjects, and of this lake where it lies on S3; raises CertificateError."""
    try:
        known = json.loads(read_text(path) if exists(path) else "")
        wanted = [asdict(one) for one in known_by(salt or "", work.subjects)]
        same = known["known by"] == wanted
        below = known.get("searched below", [])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CertificateError(path, "is no certificate of an erasure") from None
    if not same:
        raise CertificateError(path, "is of other subjects than those given")
    if not work.context.lake.is_local and below != _searched_below(work.context.lake):
        raise CertificateError(path, f"is of {' and '.join(below)}, which --lake and --raw-root have to name")
    return dict(known)
