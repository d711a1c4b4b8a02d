"""What is amiss with a page as Chromium shows it: wider than the screen, a field without a label, words hard to read.

The script measures the page that a person would see; folded parts are unfolded first. Contrast is WCAG's: 4.5 for
text, 3 for large text.
"""

import json

LOOK = """(() => {
  document.querySelectorAll("main details").forEach(each => { each.open = true; });
  const shown = e => e.getClientRects().length > 0;
  const fields = [...document.querySelectorAll("input:not([type=hidden]), select, textarea")].filter(shown);
  const unnamed = fields.filter(e => !(e.labels && e.labels.length) && !e.getAttribute("aria-label"));
  const number = text => text.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => {
    for (; e; e = e.parentElement) {
      const colour = number(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const pale = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.textContent.trim(), e = walker.currentNode.parentElement;
    if (!words || !shown(e) || e.closest("select")) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const [a, b] = [light(number(style.color)), light(ground(e))].sort((x, y) => y - x);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) pale.push(words.slice(0, 20));
  }
  const edge = document.documentElement.clientWidth + 1;
  const over = [...document.querySelectorAll("main *")].filter(shown).filter(e => !e.closest(".scroll"))
    .filter(e => e.getBoundingClientRect().right > edge).map(e => e.tagName + "." + e.className);
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  return JSON.stringify({
    width: document.scrollingElement.scrollWidth,
    over: over.slice(0, 5),
    unnamed: unnamed.map(e => e.name || e.id),
    twice: ids.filter((id, i) => ids.indexOf(id) !== i),
    pale: [...new Set(pale)],
    scripts: document.scripts.length,
  });
})()"""


def amiss(page, width):
    """Return what is amiss with the page that is open, {} if nothing is."""
    seen = json.loads(page.run(LOOK))
    found = {name: seen[name] for name in ("over", "unnamed", "twice", "pale") if seen[name]}
    if seen["width"] > width:
        found["width"] = seen["width"]
    if seen["scripts"]:
        found["scripts"] = seen["scripts"]
    return found
