"""A headless Chromium, driven by its own protocol: enough to open a page, wait for words and take a picture."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

# The smallest rectangle that holds every element of a selector, with a margin.
_AROUND = """(() => {
  const all = [...document.querySelectorAll(%s)].map(one => one.getBoundingClientRect());
  const x = Math.min(...all.map(r => r.left)) - 16, y = Math.min(...all.map(r => r.top)) - 16;
  const right = Math.max(...all.map(r => r.right)) + 16, bottom = Math.max(...all.map(r => r.bottom)) + 16;
  return {x, y, width: right - x, height: bottom - y};
})()"""
NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str:
    """CHROMIUM, or one on the PATH; else the test is skipped."""
    found = os.environ.get("CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium: install one (Debian: apt-get install chromium) or name it in CHROMIUM")
    return found


class Page:
    """One open page."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._numbers = connection, itertools.count(1)
        self.events: list[dict[str, Any]] = []
        """What the browser has reported unasked, once `watch` was called."""

    def open(self, address: str, *words: str, seconds: float = 60) -> str:
        """Open an address, wait until each of the words can be read there, and return all that can be read."""
        self._call("Page.navigate", url=address)
        return self.read(*words, seconds=seconds)

    def click(self, name: str, seconds: float = 60) -> None:
        """Press the button of this name once it is there."""
        which = json.dumps(f'[title="{name}"], [aria-label="{name}"]')
        press = f"(button => button ? (button.click(), true) : false)(document.querySelector({which}))"
        end = time.monotonic() + seconds
        while not self._value(press):
            assert time.monotonic() < end, f"there is no button {name}"
            time.sleep(0.5)

    def read(self, *words: str, seconds: float = 60) -> str:
        """Wait until each of the words can be read, and return all that can be read."""
        end = time.monotonic() + seconds
        while True:
            text = str(self._value("document.body ? document.body.innerText : ''"))
            if all(word in text for word in words):
                return text
            assert time.monotonic() < end, f"the page does not show {words}, but: {text[:2000]}"
            time.sleep(0.5)

    def picture(self, file: Path, settle: float = 2.0, around: str | None = None) -> None:
        """Keep what is seen as a PNG, once it has come to rest; or what is around some elements, twice as large."""
        time.sleep(settle)
        clip = {"clip": {**self._value(_AROUND % json.dumps(around)), "scale": 2}} if around else {}
        file.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", format="png", **clip)["data"]))

    def watch(self) -> None:
        """Let the browser report requests, errors and what is logged."""
        for domain in ("Network", "Runtime", "Log", "Page"):
            self._call(f"{domain}.enable")

    def as_wide_as(self, width: int, height: int = 844) -> None:
        """Show pages as a screen of that width does; a window has a least width of its own."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", **screen)

    def value(self, script: str) -> Any:
        """What a script gives."""
        return self._value(script)

    def _value(self, script: str) -> Any:
        return self._call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._connection.recv(timeout=60))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)


@contextmanager
def browsing(profile: Path, width: int = 1440, height: int = 1100) -> Iterator[Page]:
    """Start Chromium with an empty profile; yields its one page."""
    words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
    words += ["--remote-debugging-port=0", f"--user-data-dir={profile}", f"--window-size={width},{height}"]
    process = subprocess.Popen([find_chromium(), *words, "about:blank"], stderr=subprocess.DEVNULL)
    try:
        port = _port(profile / "DevToolsActivePort")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=30) as answer:
            page = next(target for target in json.load(answer) if target["type"] == "page")
        with connect(page["webSocketDebuggerUrl"], max_size=None) as connection:
            yield Page(connection)
    finally:
        process.terminate()
        process.wait()


def _port(file: Path) -> int:
    end = time.monotonic() + 60
    while not (file.is_file() and file.read_text().strip()):
        assert time.monotonic() < end, "Chromium did not start"
        time.sleep(0.2)
    return int(file.read_text().splitlines()[0])
