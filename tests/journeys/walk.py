"""One person's way: go, read, fill in, press; and on every page the same four checks.

On every page that is looked at: axe finds nothing, nothing scrolls sideways at 320 px, the
console is silent, and nothing was asked of another host.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe

from ledger.demo.people import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, ViewportSize

WIDE: ViewportSize = {"width": 1200, "height": 900}
NARROW: ViewportSize = {"width": 320, "height": 640}
EXPECTED_NOISE = ("Failed to load resource: the server responded with a status of 4",)
TAGS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


class Walk:
    """A browser window of one person, and the album of what it showed."""

    def __init__(
        self, browser: Browser, address: str, album: Path, *, thorough: bool = True
    ) -> None:
        self.browser, self.address, self.album = browser, address, album
        self.thorough = thorough
        self.faults: list[str] = []
        self._shots = 0
        self.scripted = True
        self.page = self._window()

    def _window(self) -> Page:
        context = self.browser.new_context(viewport=WIDE, java_script_enabled=self.scripted)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.on("request", self._asked)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        noise = message.text.startswith(EXPECTED_NOISE) or message.type not in ("error", "warning")
        if not noise:
            self.faults.append(f"{self.page.url}: console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.faults.append(f"{self.page.url}: asked another host: {request.url}")

    # Getting about

    def to(self, path: str) -> Walk:
        """Open an address of the service."""
        self.page.goto(self.address + path)
        return self

    def follow(self, text: str, *, exact: bool = False) -> Walk:
        """Follow the first link in the page's content, or else in its frame, with these words.

        ``exact``: with these words alone, where other links hold them among others.
        """
        inside = self.page.locator("main").get_by_role("link", name=text, exact=exact)
        found = inside if inside.count() else self.page.get_by_role("link", name=text, exact=exact)
        found.first.click()
        return self

    def press(self, text: str) -> Walk:
        """Press the button, or the link drawn as one, with these words."""
        inside = self.page.locator("main").get_by_role("button", name=text)
        found = inside if inside.count() else self.page.get_by_role("button", name=text)
        found.first.click()
        return self

    def fill(self, label: str, value: str) -> Walk:
        """Type into the field with this label."""
        self.page.get_by_label(label).first.fill(value)
        return self

    def choose(self, label: str) -> Walk:
        """Choose the radio or tick the box with this label."""
        self.page.get_by_label(label).first.check()
        return self

    def pick(self, label: str, option: str) -> Walk:
        """Choose an option of the list with this label."""
        self.page.get_by_label(label).first.select_option(label=option)
        return self

    def date(self, legend: str, day: date) -> Walk:
        """Type a day into the three boxes of the date field with this legend."""
        field = self.page.get_by_role("group", name=legend)
        for part, number in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
            field.get_by_label(part).fill(str(number))
        return self

    def sign_in(self, who: str) -> Walk:
        """Sign in as one of the townspeople, by the part before the @."""
        self.to("/sign-in")
        self.fill("Email", f"{who}@harrowmere.example")
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Sign in")
        self.sees("Signed in as")
        return self

    def sign_out(self) -> Walk:
        """Press sign out."""
        return self.press("Sign out")

    # Looking

    def sees(self, *texts: str) -> Walk:
        """The page says each of these."""
        shown = self.text()
        for text in texts:
            assert text in shown, f"{self.page.url} does not say {text!r}:\n{shown[:3000]}"
        return self

    def text(self) -> str:
        """Everything that the page says."""
        return " ".join(self.page.locator("body").inner_text().split())

    @property
    def path(self) -> str:
        """Where the window is now."""
        return urlsplit(self.page.url).path

    def look(self, name: str) -> Walk:
        """Check the page as it stands, wide and narrow, and keep its picture."""
        self._shots += 1
        stem = f"{self._shots:02d}-{name}"
        self.album.mkdir(parents=True, exist_ok=True)
        self._keep(stem)
        if not self.thorough:
            return self
        if self.scripted:
            self._axe(stem)
        self.page.set_viewport_size(NARROW)
        across = int(self.page.evaluate("document.documentElement.scrollWidth"))
        if across > NARROW["width"]:
            self.faults.append(f"{stem}: {self.page.url} is {across} px wide at 320 px")
        self._keep(f"{stem}-320")
        self.page.set_viewport_size(WIDE)
        return self

    def printed(self, name: str) -> Walk:
        """Keep the page's picture as it comes out on paper."""
        self.page.emulate_media(media="print")
        self._shots += 1
        self._keep(f"{self._shots:02d}-{name}-print")
        self.page.emulate_media(media="screen")
        return self

    def _keep(self, stem: str) -> None:
        self.album.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.album / f"{stem}.png", full_page=True, animations="disabled")

    def _axe(self, stem: str) -> None:
        found: dict[str, Any] = Axe().run(self.page, options=TAGS).response
        for violation in found["violations"]:
            where = [node["html"][:200] for node in violation["nodes"][:3]]
            self.faults.append(f"{stem}: {self.page.url}: {violation['id']}: {where}")

    # Keyboard alone

    def tab_to(self, text: str, *, steps_max: int = 120) -> Walk:
        """Press Tab until the thing with these words (or this label) has the focus, seen."""
        for _ in range(steps_max):
            self.page.keyboard.press("Tab")
            if text in " ".join(str(self.page.evaluate(_FOCUSED)).split()):
                assert self.page.evaluate(_FOCUS_SEEN), f"the focus on {text!r} cannot be seen"
                return self
        raise AssertionError(f"{self.page.url}: Tab never came to {text!r}")

    def type(self, text: str) -> Walk:
        """Type on the keyboard."""
        self.page.keyboard.type(text)
        return self

    def key(self, name: str, *, wait: bool = True) -> Walk:
        """Press one key; Enter on a link or button waits for the page that follows."""
        if name == "Enter" and wait:
            with self.page.expect_navigation():
                self.page.keyboard.press(name)
        else:
            self.page.keyboard.press(name)
        return self

    def without_script(self) -> Walk:
        """A new window of the same person's in which scripts are off."""
        cookies = self.page.context.cookies()
        self.page.context.close()
        self.scripted = False
        self.page = self._window()
        self.page.context.add_cookies(cookies)  # type: ignore[arg-type]
        return self

    def finish(self) -> None:
        """Close the window, and fail for everything that was wrong on the way."""
        self.page.context.close()
        assert not self.faults, "\n".join(self.faults)


_FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || !at.matches("a, button, input, select, textarea, summary")) return "";
  const labels = at.labels ? [...at.labels].map((one) => one.innerText) : [];
  return [at.innerText, at.getAttribute("aria-label"), at.value, ...labels].join(" ");
}"""
_FOCUS_SEEN = """() => {
  const at = document.activeElement;
  const box = at.getBoundingClientRect();
  const style = getComputedStyle(at);
  const parent = at.parentElement ? getComputedStyle(at.parentElement, "::before") : null;
  const marked = style.outlineStyle !== "none" || style.boxShadow !== "none" || parent;
  return Boolean(marked) && box.width > 0 && box.height > 0;
}"""
