"""Which classifications of a column mean that people must not read its values; Terraform's grants read the same list.

A word that is on neither list is taken for personal data: to show a value by mistake cannot be taken back.
"""

from __future__ import annotations

import importlib.resources
import json
from functools import cache


def is_personal(classification: str | None) -> bool:
    """Whether a column with that classification is masked; one without any is open."""
    return classification is not None and _plain(classification) not in known_words()["open"]


def is_known(classification: str) -> bool:
    """Whether the word is on one of the lists, in whatever case."""
    return any(_plain(classification) in words for words in known_words().values())


@cache
def known_words() -> dict[str, tuple[str, ...]]:
    """The known classifications, `open` ones and `personal` ones."""
    text = importlib.resources.files(__package__ or "").joinpath("classifications.json").read_text("utf-8")
    return {kind: tuple(words) for kind, words in json.loads(text).items()}


def _plain(classification: str) -> str:
    return classification.strip().lower()
