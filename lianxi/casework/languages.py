"""The languages in which petitioners may be told, each by its own name in Chinese.

Page, API, intake and notify offer these and no others: whoever chose a language nobody has written the texts in would
get Chinese without a word. A language comes in here together with its texts in `deploy/xining/notify/templates.yaml`:
notify does not start where a text to petitioners lacks one.
"""

from collections.abc import Mapping

CHINESE = "zh"
LANGUAGES: Mapping[str, str] = {CHINESE: "汉语", "en": "英语"}
"""Code and name; the first is what everybody gets who chose none."""
