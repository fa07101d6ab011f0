"""Under which version of the code and of the contracts a run works: a name, and a digest of what it names."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import lakehouse
from lakehouse.contracts.project import Project

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_DIGITS = 8
_DOMAIN = re.compile(r"^domain:\s*[\"']?([\w-]+)", re.M)
_VERSION = re.compile(r"^version:\s*[\"']?([^\s\"']+)", re.M)


@functools.cache
def code_version() -> str:
    """The library's version with a digest of its modules, `0.1.0+1f2e3d4c`."""
    # Glue imports the library out of its wheel, where there is no folder to look into.
    modules = dict(_modules(resources.files("lakehouse")))
    return f"{lakehouse.__version__}+{_digest(modules[name] for name in sorted(modules))}"


def contract_version(project: Project, domain: str | None = None) -> str:
    """A domain's version of its contract with a digest of its text; of all contracts the digest alone."""
    texts = [file.read_text("utf-8") for file in _files(project.root / "contracts")]
    own = [text for text in texts if (found := _DOMAIN.search(text)) and found[1] == domain]
    digest = _digest(text.encode() for text in own or texts)
    named = _VERSION.search(own[0]) if own else None
    return f"{named[1]}+{digest}" if named else digest


def _modules(folder: Traversable, above: str = "") -> Iterator[tuple[str, bytes]]:
    """Path and text of each module, on a disk or in an archive."""
    for entry in folder.iterdir():
        name = f"{above}{entry.name}"
        if entry.is_dir():
            yield from _modules(entry, f"{name}/")
        elif name.endswith(".py"):
            yield name, entry.read_bytes()


def _files(folder: Path) -> list[Path]:
    return sorted((*folder.glob("*.yaml"), *folder.glob("*.yml")))


def _digest(texts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for text in texts:
        whole.update(hashlib.sha256(text).digest())
    return whole.hexdigest()[:_DIGITS]
