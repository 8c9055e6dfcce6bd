"""A visitor without a mouse: a control is reached by Tab before it is pressed, and wherever the focus stops it is seen."""

from pathlib import Path

from playwright.sync_api import Page

FARTHEST = 120  # presses of Tab, more than the longest of our pages has stops
FAINTEST = 3  # contrast of the ring with what it is drawn on (WCAG 2.2, 1.4.11)
# The ring around what has the focus: its contrast with what it is drawn on, which of its sides are cut off by a box that holds
# what it is around, or by the edge of the screen, and whether anything lies over what it is around.
RING = """() => {
  const at = document.activeElement;
  if (at === document.body) return null;  // between the last stop and the first
  const dot = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const light = (...colours) => {
    for (const colour of colours) { dot.fillStyle = colour; dot.fillRect(0, 0, 1, 1); }
    const [r, g, b] = [...dot.getImageData(0, 0, 1, 1).data].map(v => v / 255)
      .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b + .05;
  };
  const above = [];
  for (let e = at.parentElement; e; e = e.parentElement) above.unshift(e);
  const style = getComputedStyle(at), box = at.getClientRects()[0];
  const out = parseFloat(style.outlineOffset), reach = out + parseFloat(style.outlineWidth) - .5;  // half a pixel is rounding
  const behind = (out < 0 ? [...above, at] : above).map(e => getComputedStyle(e).backgroundColor);
  const under = light('white', ...behind), ring = light('white', ...behind, style.outlineColor);
  const cuts = [{left: 0, top: 0, right: innerWidth, bottom: innerHeight}];
  let placed = style.position;  // what is placed is held by no box up to the one that it is placed in
  for (const e of above.toReversed()) {
    const own = getComputedStyle(e);
    if (placed === 'fixed' || (placed === 'absolute' && own.position === 'static')) continue;
    placed = own.position;
    if (own.overflow !== 'visible' && e !== document.documentElement) cuts.push(e.getBoundingClientRect());
  }
  const cut = ['left', 'top'].filter(side => box && cuts.some(c => box[side] - reach < c[side]))
    .concat(['right', 'bottom'].filter(side => box && cuts.some(c => box[side] + reach > c[side])));
  const top = box && document.elementFromPoint(box.x + Math.min(box.width, 40) / 2, box.y + Math.min(box.height, 40) / 2);
  return {
    drawn: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
    contrast: Math.max(under, ring) / Math.min(under, ring),
    cut,
    uncovered: !!top && (at.contains(top) || top.contains(at)),
  };
}"""


class Keys:
    """The keyboard at one page. A control is known by the name that Chromium computes for whatever reads pages aloud."""

    def __init__(self, page: Page) -> None:
        self.page, self.cdp = page, page.context.new_cdp_session(page)
        self.went: list[tuple[str, str]] = []  # method and address of whatever the browser was sent to
        page.on("request", lambda sent: sent.is_navigation_request() and self.went.append((sent.method, sent.url)))

    def heard(self) -> tuple[str, str]:
        """Role and name of what has the focus."""
        at = self.cdp.send("Runtime.evaluate", {"expression": "document.activeElement"})["result"]
        if "objectId" not in at:
            return "", ""
        asked = {"objectId": at["objectId"], "fetchRelatives": False}
        [node] = self.cdp.send("Accessibility.getPartialAXTree", asked)["nodes"]
        role, name = (str(node.get(key, {}).get("value", "")) for key in ("role", "name"))
        return role, " ".join(name.split())

    def press_to(self, name: str, role: str = "", key: str = "Tab") -> None:
        """Press Tab (or Shift+Tab) until the control of this name has the focus; a star, a count or a remark in brackets may
        follow the name. Raises AssertionError where it is not reached, with all that was, and where a focus is not seen."""
        self.page.wait_for_load_state()
        stops: list[str] = []
        found, heard = self.heard()
        while not (role in found and (heard == name or heard.startswith(tuple(f"{name}{sign}" for sign in " *（")))):
            around = stops.count("") == 2 or len(stops) == FARTHEST
            assert not around, f"“{name}” is not reached by the keyboard in {self.page.url}, only {stops}"
            self.page.keyboard.press(key)
            seen = self.is_seen()
            found, heard = self.heard()
            stops.append(f"{found} {heard}" if seen else "")

    def is_seen(self) -> bool:
        """What has the focus has a ring around it that is drawn, stands out, and is neither cut off nor covered. False where
        nothing has, between the last stop and the first."""
        ring = self.page.evaluate(RING)
        if ring is None:
            return False
        seen = ring["drawn"] and ring["contrast"] >= FAINTEST and not ring["cut"] and ring["uncovered"]
        assert seen, f"the focus is not seen at “{' '.join(self.heard())}” in {self.page.url}: {ring}"
        return True

    def press(self, name: str, role: str = "", key: str = "Enter") -> None:
        """Press a link or button that leads to another page."""
        self.press_to(name, role)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def take(self, name: str) -> bytes:
        """Press a link that leads to a file to take away; what it holds."""
        self.press_to(name, "link")
        with self.page.expect_download() as taken:
            self.page.keyboard.press("Enter")
        return taken.value.path().read_bytes()

    def write(self, name: str, text: str) -> None:
        """Type into a field."""
        self.press_to(name)
        self.page.keyboard.type(text)

    def choose(self, group: str, name: str) -> None:
        """Choose among radio buttons: by Tab to the first of the group, by the arrows to the one."""
        self.press_to(group, "radio")
        self.page.keyboard.press("Space")
        while self.heard()[1] != name:
            self.page.keyboard.press("ArrowDown")
            self.is_seen()
            assert self.heard()[1] != group, f"“{name}” is not reached by the arrows"

    def tick(self, name: str) -> None:
        """Tick or clear a box."""
        self.press_to(name, "checkbox")
        self.page.keyboard.press("Space")

    def select(self, name: str, option: str) -> None:
        """Step through a drop-down list to an option."""
        self.press_to(name, "combobox")
        chosen = "document.activeElement.selectedOptions[0].innerText.trim()"
        while (now := self.page.evaluate(chosen)) != option:
            self.page.keyboard.press("ArrowDown")
            assert self.page.evaluate(chosen) != now, f"{name} has no “{option}”"

    def attach(self, name: str, *files: Path | dict[str, object]) -> None:
        """Reach a file field; the system's own window, which opens by Enter, is not ours to walk."""
        self.press_to(name)
        self.page.locator(":focus").set_input_files(list(files))
