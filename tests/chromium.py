"""A headless Chromium over the DevTools protocol, on a pipe: no port, no library.

python tests/chromium.py PAGE.html WIDTH PICTURE.png    a picture of the whole page
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
"""How far a page reaches beyond its window, in pixels."""

SMALLEST_TEXT = """Math.min(...[...document.querySelectorAll('p, b, text, td, span')].filter(e => e.textContent.trim()
    && e.getClientRects().length).map(e => parseFloat(getComputedStyle(e).fontSize)
    * (e.ownerSVGElement ? e.ownerSVGElement.clientWidth / e.ownerSVGElement.viewBox.baseVal.width : 1)))"""
"""Pixels of the smallest letters of a page."""
CUT_OFF = """[...document.querySelectorAll('.unit text, .plot text, .zone text')].filter(e => {
    const text = e.getBoundingClientRect(), svg = e.ownerSVGElement.getBoundingClientRect()
    return text.right > svg.right + 1 || text.left < svg.left - 1 }).map(e => e.textContent)"""
"""Texts of plots that reach beyond them."""

QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync")


class Tab:
    """One page. `events`: what the browser has reported about it so far, as (method, parameters)."""

    def __init__(self, send, receive):
        self.events, self._send, self._receive, self._last, self._session = [], send, receive, 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        """Sends one command and returns its result."""
        self._last += 1
        session = {"sessionId": self._session} if self._session else {}
        self._send({"id": self._last, "method": method, "params": parameters, **session})
        while True:
            message = self._receive()
            if message.get("id") == self._last:
                assert "error" not in message, message["error"]
                return message["result"]
            self.events.append((message["method"], message["params"]))

    def show(self, url, width, height=900):
        """Opens `url` in a window of that size and waits until it has loaded."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setScrollbarsHidden", hidden=True)
        self.events.clear()
        self.call("Page.navigate", url=url)
        while "Page.loadEventFired" not in [method for method, _ in self.events]:
            message = self._receive()
            self.events.append((message["method"], message["params"]))

    def value(self, expression):
        """What a JavaScript expression gives."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"]["value"]

    def complaints(self):
        """Texts of the console and of the browser's log."""
        return [
            json.dumps(parameters)
            for method, parameters in self.events
            if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        ]

    def requests(self):
        """Addresses that the page has asked for."""
        return [found["request"]["url"] for method, found in self.events if method == "Network.requestWillBeSent"]

    def picture(self):
        """The whole page as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"])


@contextmanager
def tab():
    """A tab of a browser that ends with the block."""
    down_read, down_write = os.pipe()
    up_read, up_write = os.pipe()
    with tempfile.TemporaryDirectory(prefix="codesign_chromium_", ignore_cleanup_errors=True) as profile:
        # The browser reads commands from its file descriptor 3 and writes to 4.
        command = f'exec 3<&{down_read} 4>&{up_write}; exec "$@"'
        arguments = [PROGRAM, *OPTIONS, *QUIET, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        browser = subprocess.Popen(
            ["bash", "-c", command, "-", *arguments], pass_fds=(down_read, up_write), stderr=subprocess.DEVNULL
        )
        os.close(down_read)
        os.close(up_write)
        with os.fdopen(down_write, "wb", buffering=0) as sender, os.fdopen(up_read, "rb") as receiver:
            try:
                yield Tab(
                    lambda message: sender.write(json.dumps(message).encode() + b"\0"), lambda: _message(receiver)
                )
            finally:
                browser.kill()
                browser.wait()


def _message(stream):
    found = bytearray()
    while (byte := stream.read(1)) != b"\0":
        assert byte, "the browser has ended"
        found += byte
    return json.loads(found)


if __name__ == "__main__":
    page, width, out = sys.argv[1:]
    with tab() as shown:
        shown.show(Path(page).resolve().as_uri(), int(width))
        Path(out).write_bytes(shown.picture())
