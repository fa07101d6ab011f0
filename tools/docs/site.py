"""Build the site of all pages into build/site/<version>/: `python -m tools.docs.site`.

The pages are staged with the README as the first one and their links made to fit; what lies outside, such as source
code, is named and not linked. MkDocs builds the rest, and a link or an anchor that leads nowhere is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).resolve().parents[2]
STAGE = ROOT / "build" / "pages"
SITE = ROOT / "build" / "site"
SAMPLES = ROOT / "build" / "samples"
"""The lake of the sample deliveries whose pages are part of the site."""
SHIM = Path(__file__).parent / "iframe-worker.js"
PICTURES = {".svg", ".png"}
SECTIONS = {
    "tutorial": "Tutorial", "how-to": "How-to", "reference": "Reference", "explanation": "Explanation",
    "benchmarks": "Benchmarks", "adr": "Decisions",
}  # fmt: skip
"""Folders of docs/ in the order of the navigation."""
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


def slug(text: str, separator: str = "-") -> str:
    """The anchor of a heading as the repository's own viewer makes it."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", separator)


def staged(root: Path) -> dict[Path, Path]:
    """Every page and picture with its place on the site: docs/ is the top, the README its first page."""
    docs = root / "docs"
    found = {root / "README.md": Path("index.md"), docs / "README.md": Path("documentation.md")}
    found |= {root / f"{name}.md": Path(f"{name.lower()}.md") for name in ("CHANGELOG", "CONTRIBUTING")}
    inside = (file for file in sorted(docs.rglob("*")) if file.suffix in {".md", *PICTURES})
    return {**{file: file.relative_to(docs) for file in inside}, **found}


def with_links(page: Path, places: Mapping[Path, Path]) -> str:
    """A page's text with its links as the site has them."""

    def link(found: re.Match[str]) -> str:
        mark, text, target = found.groups()
        if "://" in target or target.startswith("#"):
            return found[0]
        path, hash_, anchor = target.partition("#")
        place = places.get((page.parent / path).resolve())
        if place is None:
            return text
        return f"{mark}[{text}]({os.path.relpath(place, places[page].parent)}{hash_}{anchor})"

    blocks = re.split(r"(^```.*?^```$)", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else _LINK.sub(link, part) for part in blocks)


def navigation(places: Mapping[Path, Path]) -> list[Any]:
    """The pages in their order: single ones, then a section per folder, its README first."""
    pages = sorted(place for place in places.values() if place.suffix == ".md")
    top = [str(page) for page in pages if page.parent == Path() and page.stem not in ("index", "documentation")]
    sections = [
        {title: [str(page) for page in sorted(pages, key=_readme_first) if page.parts[0] == folder]}
        for folder, title in SECTIONS.items()
        if any(page.parts[0] == folder for page in pages)
    ]
    return ["index.md", "documentation.md", *sections, {"More": top}]


def _readme_first(page: Path) -> tuple[bool, str]:
    return page.name != "README.md", page.name


def stage(root: Path, folder: Path, lake: Path | None = None) -> dict[Path, Path]:
    """Write pages and pictures into a folder, as MkDocs wants them, and the pages of a lake of the samples."""
    places = staged(root)
    shutil.rmtree(folder, ignore_errors=True)
    for source, place in places.items():
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".md":
            target.write_text(with_links(source, places), encoding="utf-8")
        else:
            shutil.copy(source, target)
    if lake is not None:
        with_examples(folder, lake)
    (folder / "assets").mkdir()
    shutil.copy(SHIM, folder / "assets")
    return places


def with_examples(folder: Path, lake: Path) -> None:
    """Copy report, site, Data Docs and dbt docs of a lake, and link them on the page that names them."""
    shutil.copytree(lake / "curated" / "docs", folder / "samples" / "curated" / "docs")
    shutil.copy(lake / "report.html", folder / "samples")
    page = folder / "examples.md"
    linked = re.sub(r"`(samples/[^`]+\.html)`", r"[\1](\1)", page.read_text(encoding="utf-8"))
    page.write_text(linked, encoding="utf-8")


def samples_lake() -> Path:
    """The lake of both sample deliveries, loaded once."""
    if not (SAMPLES / "report.html").is_file():
        for landing in ("samples", "samples/day2"):
            command = [sys.executable, "local_runner.py", "--output-dir", str(SAMPLES), "--landing-dir", landing]
            subprocess.run(command, cwd=ROOT, check=True)
    return SAMPLES


def build_site(target: Path | None = None, pages: Path = STAGE, lake: Path | None = None) -> Path:
    """Stage and build; returns the folder. Raises mkdocs' Abort for a link or an anchor that leads nowhere."""
    version = (ROOT / "glue_jobs" / "lakehouse" / "VERSION").read_text(encoding="utf-8").strip()
    target = target or SITE / version
    settings = {"docs_dir": str(pages), "site_dir": str(target), "site_name": f"Retail lakehouse {version}"}
    nav = navigation(stage(ROOT, pages, lake))
    build(load_config(str(ROOT / "mkdocs.yml"), **settings, nav=nav, strict=True))
    return target


if __name__ == "__main__":
    print(build_site(lake=samples_lake()) / "index.html")
