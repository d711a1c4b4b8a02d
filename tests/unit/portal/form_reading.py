"""A page as a browser takes it apart: its fields with attributes, ids, labels, links within the page, the focus."""

from html.parser import HTMLParser

FIELDS = {"input", "select", "textarea"}


class ReadPage(HTMLParser):
    """What a test asks of a page."""

    def __init__(self, text):
        super().__init__()
        self.fields, self.ids, self.labels, self.links, self.focused = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "id" in given:
            self.ids.append(given["id"])
        if "autofocus" in given:
            self.focused.append(given.get("id"))
        if tag in FIELDS and given.get("type") != "hidden":
            self.fields.append(given)
        if tag == "label":
            self.labels.append(given["for"])
        if tag == "a" and given.get("href", "").startswith("#") and given["href"] != "#content":
            self.links.append(given["href"][1:])

    @property
    def wrong(self):
        """The ids of the fields that are marked as wrong, in the order of the page."""
        return [field["id"] for field in self.fields if field.get("aria-invalid") == "true"]

    def faults(self):
        """What is amiss with the page itself, whoever reads it."""
        named = [field.get("id") for field in self.fields if "aria-label" not in field]
        described = [word for field in self.fields for word in field.get("aria-describedby", "").split()]
        return {
            "without a label": [name for name in named if name not in self.labels],
            "ids twice": sorted({each for each in self.ids if self.ids.count(each) > 1}),
            "described by nothing": [word for word in described if word not in self.ids],
            "links to nothing": [link for link in self.links if link not in self.ids],
        }


def nothing_amiss(page):
    """Return whether labels, ids, descriptions and links of a page fit together."""
    return not any(page.faults().values()), page.faults()
