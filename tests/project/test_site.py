"""The site of all pages: links that fit, every page in the navigation; slow: no dead link, no request, no overflow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dags.browser import browsing
from tests.site.pages_read import Parts, complaints, dead_links, width_of
from tools.docs.site import build_site, navigation, slug, stage, staged, with_links
from tools.pictures import draw_recording

ROOT = Path(__file__).parents[2]
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


def test_the_pages_of_the_samples_are_linked_where_they_are_part_of_the_site(tmp_path: Path) -> None:
    lake, pages = tmp_path / "lake", tmp_path / "pages"
    named = re.findall(r"`(samples/[^`]+)`", (ROOT / "docs" / "examples.md").read_text(encoding="utf-8"))
    for name in named:
        file = lake / name.removeprefix("samples/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("<p>", encoding="utf-8")
    stage(ROOT, pages, lake)
    examples = (pages / "examples.md").read_text(encoding="utf-8")
    assert len(named) == 6
    assert all(f"[{name}]({name})" in examples and (pages / name).is_file() for name in named)
    stage(ROOT, pages)
    assert "](samples/" not in (pages / "examples.md").read_text(encoding="utf-8")


def test_the_recording_is_what_the_tutorial_shows() -> None:
    assert draw_recording.FILE.read_text(encoding="utf-8") == draw_recording.draw()
    assert " fct_daily_store_metrics  90 rows, 14 days, 7 stores, net revenue €56,329.24" in draw_recording.shown()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    return build_site(folder / "site", folder / "pages")


@pytest.mark.docs
def test_no_link_of_the_site_is_dead_and_no_page_loads_from_outside(site: Path) -> None:
    parts = {page.resolve(): Parts(page) for page in site.rglob("*.html") if page.name != "404.html"}
    assert len(parts) > 60
    outside = [(page.name, address) for page, found in parts.items() for address in found.loads if ":" in address]
    assert outside == []
    assert dead_links(parts) == []


@pytest.mark.docs
def test_every_page_is_quiet_and_fits_a_phone(site: Path, tmp_path: Path) -> None:
    pages = sorted(page for page in site.rglob("*.html") if page.name != "404.html")
    with browsing(tmp_path / "profile") as browser:
        browser.watch()
        browser.as_wide_as(PHONE)
        wide = [f"{page.relative_to(site)}: {width}" for page in pages if (width := width_of(browser, page)) > PHONE]
        assert wide == []
        browser.open((site / "index.html").as_uri() + "?q=idempotent", "matching documents")
        assert complaints(browser) == []
