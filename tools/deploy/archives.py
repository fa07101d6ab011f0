"""Archives that are the same bytes for the same files, and a wheel whose version says what it holds."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from tools.deploy.upload import Artifact

_EPOCH = (1980, 1, 1, 0, 0, 0)


def packed(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip archive of names and contents, in their order and without times."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, body, zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def by_content(wheel: Path) -> Artifact:
    """The wheel with a digest of its files behind its version, `0.1.0+1f2e3d4c`.

    An installer leaves a version that it has already alone, so another content needs another version; and a text that
    names the wheel, such as requirements.txt, changes with it.
    """
    name, version, tags = wheel.name.split("-", 2)
    with zipfile.ZipFile(wheel) as archive:
        files = {entry: archive.read(entry) for entry in sorted(archive.namelist())}
    marked = f"{version}+{_digest_of(files)}"
    old, new = f"{name}-{version}.dist-info", f"{name}-{marked}.dist-info"
    named = {entry.replace(old, new, 1): body for entry, body in files.items() if not entry.endswith("/RECORD")}
    metadata = f"{new}/METADATA"
    named[metadata] = named[metadata].replace(f"Version: {version}\n".encode(), f"Version: {marked}\n".encode(), 1)
    named[f"{new}/RECORD"] = _record(named, f"{new}/RECORD")
    return Artifact(f"{name}-{marked}-{tags}", packed(named.items()))


def _digest_of(files: dict[str, bytes]) -> str:
    """The first letters of a digest over names and contents, which does not depend on the archive's own times."""
    listed = "".join(f"{name} {hashlib.sha256(body).hexdigest()}\n" for name, body in files.items())
    return hashlib.sha256(listed.encode()).hexdigest()[:8]


def _record(files: dict[str, bytes], record: str) -> bytes:
    """The list that a wheel carries of its own files: name, digest, size."""
    lines = [f"{name},sha256={_hash(body)},{len(body)}" for name, body in files.items()]
    return ("\n".join([*lines, f"{record},,"]) + "\n").encode()


def _hash(body: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
