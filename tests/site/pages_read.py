"""Reads built pages back: links, what is loaded, anchors, words; and what a browser complains about."""

from __future__ import annotations

import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

from tests.dags.browser import Page as Browser

LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "image": "href"}
"""What a browser fetches without a click, and the attribute that names it; of `link` not the canonical address."""


class Parts(HTMLParser):
    """Addresses that a page links to and loads, its anchors, and its words."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.words: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in LOADS and LOADS[tag] in given and given.get("rel") != "canonical":
            self.loads.append(given[LOADS[tag]])

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """All words on one line."""
        return " ".join(" ".join(self.words).split())


def dead_links(parts: dict[Path, Parts]) -> list[str]:
    """Links within the pages that lead to no file, or to no anchor of a page."""
    return [
        f"{page.name}: {link}"
        for page, found in parts.items()
        for link in found.links
        if "://" not in link and not link.startswith("mailto:") and not _leads_somewhere(page, link, parts)
    ]


def _leads_somewhere(page: Path, link: str, parts: dict[Path, Parts]) -> bool:
    path, anchor = urldefrag(unquote(link))
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or target not in parts or anchor in parts[target].anchors)


def width_of(browser: Browser, page: Path) -> int:
    """How wide a page is once it has loaded."""
    browser.open(page.as_uri())
    end = time.monotonic() + 30
    while browser.value("document.readyState + location.href") != f"complete{page.as_uri()}":
        assert time.monotonic() < end, f"{page} did not load"
        time.sleep(0.02)
    return int(browser.value("document.documentElement.scrollWidth"))


def complaints(browser: Browser) -> list[str]:
    """Errors, warnings of scripts, and addresses outside, that the browser has seen."""
    found = []
    for event in browser.events:
        params = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            address = params["request"]["url"]
            found += [] if address.startswith(("file:", "data:", "blob:", "about:")) else [address]
        elif event.get("method") == "Runtime.exceptionThrown":
            found.append(str(params["exceptionDetails"].get("exception", params))[:300])
        elif event.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            found.append(params["entry"]["text"])
    return found
