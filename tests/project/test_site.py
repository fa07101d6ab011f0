"""The site of all pages: links that fit, every page in the navigation; slow: no dead link, no request, no overflow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from tests.dags.browser import Page, browsing
from tools.docs.site import build_site, navigation, slug, staged, with_links

ROOT = Path(__file__).parents[2]
LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
"""What a browser fetches without a click, and the attribute that names it; of `link` not the canonical address."""
PHONE = 390


def test_links_are_made_to_fit_and_what_lies_outside_is_only_named(tmp_path: Path) -> None:
    page, other = tmp_path / "README.md", tmp_path / "docs" / "adr" / "one.md"
    page.write_text(
        "[a](docs/adr/one.md#x), [tests/](tests), ![p](docs/p.svg), [web](https://x.example), [here](#here)\n"
        "```md\n[a](docs/adr/one.md)\n```\n",
        encoding="utf-8",
    )
    places = {page: Path("index.md"), other: Path("adr/one.md"), tmp_path / "docs" / "p.svg": Path("p.svg")}
    assert with_links(page, places) == (
        "[a](adr/one.md#x), tests/, ![p](p.svg), [web](https://x.example), [here](#here)\n"
        "```md\n[a](docs/adr/one.md)\n```\n"
    )


def test_every_page_is_in_the_navigation() -> None:
    places = staged(ROOT)
    listed = set(_leaves(navigation(places)))
    assert {str(place) for place in places.values() if place.suffix == ".md"} == listed
    assert navigation(places)[0] == "index.md"


def _leaves(item: object) -> Iterator[str]:
    if isinstance(item, str):
        yield item
    elif isinstance(item, list | dict):
        for below in item.values() if isinstance(item, dict) else item:
            yield from _leaves(below)


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [("When key, sequence, date or strategy changes", "when-key-sequence-date-or-strategy-changes"),
     ("### ops.batches", "-opsbatches"), ("What a commit costs", "what-a-commit-costs")],
)  # fmt: skip
def test_anchors_are_those_of_the_repositorys_own_viewer(heading: str, anchor: str) -> None:
    assert slug(heading) == anchor


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    return build_site(folder / "site", folder / "pages")


class _Parts(HTMLParser):
    """Addresses that a page links to and loads, and its anchors."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in LOADS and LOADS[tag] in given and given.get("rel") != "canonical":
            self.loads.append(given[LOADS[tag]])


@pytest.mark.docs
def test_no_link_of_the_site_is_dead_and_no_page_loads_from_outside(site: Path) -> None:
    parts = {page.resolve(): _Parts(page) for page in site.rglob("*.html") if page.name != "404.html"}
    assert len(parts) > 60
    outside = [(page.name, address) for page, found in parts.items() for address in found.loads if ":" in address]
    assert outside == []
    dead = [f"{page.name}: {link}" for page, found in parts.items() for link in found.links
            if ":" not in link and not _leads_somewhere(page, link, parts)]  # fmt: skip
    assert dead == []


def _leads_somewhere(page: Path, link: str, parts: dict[Path, _Parts]) -> bool:
    path, anchor = urldefrag(unquote(link))
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or target not in parts or anchor in parts[target].anchors)


@pytest.mark.docs
def test_every_page_is_quiet_and_fits_a_phone(site: Path, tmp_path: Path) -> None:
    pages = sorted(page for page in site.rglob("*.html") if page.name != "404.html")
    with browsing(tmp_path / "profile") as browser:
        browser.watch()
        browser.as_wide_as(PHONE)
        wide = [f"{page.relative_to(site)}: {width}" for page in pages if (width := _width(browser, page)) > PHONE]
        assert wide == []
        browser.open((site / "index.html").as_uri() + "?q=idempotent", "matching documents")
        assert _complaints(browser) == []


def _width(browser: Page, page: Path) -> int:
    browser.open(page.as_uri())
    end = time.monotonic() + 30
    while browser.value("document.readyState + location.href") != f"complete{page.as_uri()}":
        assert time.monotonic() < end, f"{page} did not load"
        time.sleep(0.02)
    return int(browser.value("document.documentElement.scrollWidth"))


def _complaints(browser: Page) -> list[str]:
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
