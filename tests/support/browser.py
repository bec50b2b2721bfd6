# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A page in headless Chromium, by its DevTools protocol over a pipe: no driver, no port."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
from typing import Any, Dict, Iterator, List

from .source import ROOT

#: the clone, from the staged tree or from itself
CLONE = ROOT.parents[2].parent if ROOT.parents[2].name == ".tree" else ROOT
LOGS = CLONE / ".logs"
CHROMIUM = shutil.which("chromium") or ""
AXE = CLONE / ".browser" / "node_modules" / "axe-core" / "axe.min.js"
#: why there is nothing to look at pages with; empty if there is
MISSING = "" if CHROMIUM and AXE.is_file() else "no %s here: make browser" % ("axe-core" if CHROMIUM else "chromium")


class Page:
    """A tab. ``requests`` has the addresses that the page asked for."""

    def __init__(self, reading: int, writing: int) -> None:
        self._in, self._out = os.fdopen(reading, "rb", buffering=0), os.fdopen(writing, "wb", buffering=0)
        self._number, self._rest, self._session = 0, b"", ""
        self.requests: List[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.call(domain + ".enable")

    def call(self, method: str, **params: Any) -> Dict[str, Any]:
        """Ask the browser, and wait for the answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params, **({"sessionId": self._session} if self._session else {})}
        self._out.write(json.dumps(message).encode("utf-8") + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _next(self) -> Dict[str, Any]:
        while b"\0" not in self._rest:
            part = self._in.read(1 << 16)
            assert part, "the browser has ended"
            self._rest += part
        text, _nul, self._rest = self._rest.partition(b"\0")
        message: Dict[str, Any] = json.loads(text)
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        return message

    def open(self, path: pathlib.Path, width: int, dark: bool = False) -> None:
        """Load a file as a screen of this width shows it; below 600 pixels that of a phone."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        self.call("Page.navigate", url=path.as_uri())
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page, awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def screenshot(self, path: pathlib.Path) -> None:
        """The whole page as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12000), "scale": 1}
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]))

    def pdf(self, path: pathlib.Path) -> None:
        """The page as it is printed."""
        path.write_bytes(base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)["data"]))

    def overflow(self) -> List[str]:
        """How wide the page is, with the elements that reach beyond the screen; empty if nothing has to be scrolled sideways."""
        found: List[str] = self.evaluate(
            """[...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
               .map(one => one.tagName + ' ' + one.className.toString() + ' ' + one.textContent.slice(0, 40))"""
        )
        wide, screen = self.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        return ["%d pixels on a screen of %d" % (wide, screen), *found] if wide > screen else []

    def violations(self) -> List[str]:
        """What axe-core finds against WCAG 2.2 A and AA, and its best practices."""
        self.call("Page.setBypassCSP", enabled=True)
        self.evaluate(AXE.read_text(encoding="utf-8") + "; 0")
        found = self.evaluate("axe.run(document, {resultTypes: ['violations']}).then(all => all.violations)")
        return ["%s: %s" % (each["id"], [node["html"][:200] + node["failureSummary"] for node in each["nodes"][:3]]) for each in found]


@contextlib.contextmanager
def chromium(folder: pathlib.Path) -> Iterator[Page]:
    """A browser of its own, without a network."""
    (its_in, our_out), (our_in, its_out) = os.pipe(), os.pipe()
    options = ["--headless=new", "--remote-debugging-pipe", "--user-data-dir=%s" % folder, "--no-first-run", "--disable-gpu", "--hide-scrollbars"]
    options += ["--disable-extensions", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"]
    options += ["--no-sandbox"] if os.getuid() == 0 else []

    def prepare() -> None:
        """The browser reads from 3 and writes to 4."""
        reading, writing = os.dup(its_in), os.dup(its_out)
        os.dup2(reading, 3)
        os.dup2(writing, 4)

    process = subprocess.Popen([CHROMIUM, *options], preexec_fn=prepare, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(its_in)
    os.close(its_out)
    try:
        yield Page(our_in, our_out)
    finally:
        process.kill()
        process.wait()
