"""A browser without any library: Chromium driven over its debugging pipe, one page at a time.

It speaks the DevTools protocol over two pipes, so no port is opened. `Page` types, clicks and reads what a person
would see; scripts run in the page for that only, the portal itself has none.
"""

import base64
import fcntl
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--lang=zh-CN",
    "--remote-debugging-pipe",
)
PRESS = """words => {
  window.lianxiOld = true;
  const within = places => places.flatMap(place => [...document.querySelectorAll(place)]);
  const all = within(["main button", "main a", "main summary", "nav a", "header button", "header a"]);
  const says = element => element.textContent.trim();
  const it = all.find(e => says(e) === words) || all.find(e => says(e).includes(words));
  if (it) it.click();
  return !!it;
}"""
"""Presses what says these words, first of all in the page itself."""


def installed():
    """Where Chromium is, None when it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Moving(Exception):  # noqa: N818  reads as what the page does
    """The page was left while it was asked something."""


class Browser:
    """One Chromium with a profile of its own that is deleted afterwards."""

    def __init__(self):
        self._profile = tempfile.mkdtemp(prefix="lianxi-browser-")
        read_by_browser, self._to = os.pipe()
        self._from, written_by_browser = os.pipe()
        # Chromium reads its commands from descriptor 3 and answers on 4; out of their way before they are made
        theirs = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (read_by_browser, written_by_browser)]
        self._pid = os.posix_spawn(
            installed(),
            ["chromium", *QUIET, f"--user-data-dir={self._profile}", "about:blank"],
            {**os.environ, "HOME": self._profile},
            file_actions=[
                *((os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)),
                (os.POSIX_SPAWN_DUP2, theirs[0], 3),
                (os.POSIX_SPAWN_DUP2, theirs[1], 4),
            ],
        )
        for end in (read_by_browser, written_by_browser, *theirs):
            os.close(end)
        self._buffer = b""
        self._next = 0

    def close(self):
        """End the browser and delete its profile."""
        self.send("Browser.close")
        os.waitpid(self._pid, 0)
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self._profile, ignore_errors=True)

    def page(self, *, width=1200, height=900, phone=False):
        """Open a page of this size."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        page.call("Page.enable")
        page.call("Runtime.enable")
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        return page

    def send(self, method, session=None, **parameters):
        """Ask the browser and return its answer."""
        self._next += 1
        number = self._next
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                if "navigated or closed" in str(answer.get("error")):
                    raise Moving
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def _read(self):
        while b"\0" not in self._buffer:
            more = os.read(self._from, 1 << 20)
            assert more, "the browser has gone"
            self._buffer += more
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


class Page:
    """One page and what a person does with it."""

    def __init__(self, browser, session):
        self._browser = browser
        self._session = session

    def call(self, method, **parameters):
        """Send one command of the protocol to this page."""
        return self._browser.send(method, self._session, **parameters)

    def run(self, script):
        """Return the value of a script in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def open(self, address):
        """Go to an address and wait until the page is there."""
        self.run("window.lianxiOld = true")
        self.call("Page.navigate", url=address)
        self.until("window.lianxiOld !== true && document.readyState === 'complete'", f"{address} did not load")

    def fill(self, **fields):
        """Type into fields by their names; a double underscore stands for a dot."""
        for name, text in fields.items():
            self.run(f"document.getElementsByName({json.dumps(name.replace('__', '.'))})[0].value = {json.dumps(text)}")

    def click(self, words):
        """Press the button or follow the link with these words, and wait for the next page."""
        found = self.run(f"({PRESS})({json.dumps(words)})")
        assert found, f"nothing to press says {words!r} on: {self.text[:300]}"
        self.until("window.lianxiOld !== true && document.readyState === 'complete'", f"pressing {words!r} led nowhere")

    @property
    def text(self):
        """What can be read on the page."""
        return self.run("document.body.innerText")

    @property
    def cards(self):
        """What can be read on the page, card by card."""
        return self.run("[...document.querySelectorAll('main .card')].map(card => card.innerText)")

    @property
    def address(self):
        """Where the page is."""
        return self.run("location.href")

    def picture(self, path):
        """Keep a picture of the whole page."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        Path(path).write_bytes(base64.b64decode(shot["data"]))

    def printed(self):
        """Return the page as the printer would get it, as PDF."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])

    def until(self, script, otherwise):
        """Wait until a script says yes; `otherwise` is told if it never does."""
        deadline = time.monotonic() + 20
        while True:
            try:
                if self.run(script):
                    return
            except Moving:
                pass
            assert time.monotonic() < deadline, otherwise
