"""The frame of a picture as SVG that follows the reader's light or dark theme."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

WIDTH = 970


def framed(said: str, height: int, style: str, parts: Iterable[str]) -> str:
    """Parts on a sheet of paper. said: what is read aloud in place of the picture."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t">',
        f'<title id="t">{escape(said)}</title><style>{style}</style>',
        f'<rect class="paper" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="14"/>',
    )
    return "\n".join([*head, *parts, "</svg>", ""])
