"""How much two petitions say the same (同事): compared word by word, without what every petition says.

People write the same matter twice in other words, and other matters in the same words ("尊敬的领导，您好，请尽快解决").
So the phrases of politeness and complaint and the names of divisions are taken out first; what is left (streets,
estates, firms, the thing itself) is compared in two ways. The share of pairs of characters that both texts have says
how alike they are as a whole; how well the subject of one is found inside the other catches a short reminder of a
long letter. Weights and limits were chosen on the judged pairs of `tests/bench/repeats_judged.csv`.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

LONGEST = 6000
"""Characters of a text that are compared; what a petition is about has been said by then."""
_NOT_WORDS = re.compile(r"[\W_]+")
_PHRASES = (
    "尊敬 敬爱 领导 书记 市长 县长 区长 局长 您好 你好 谢谢 感谢 请问 请求 希望 建议 反映 再次 咨询 投诉 "
    "举报 关于 恳请 强烈 要求 严重 问题 影响 情况 解决 有关 相关 部门 政府 我们 我是 本人 一名 一个 没有 "
    "不是 是否 什么 时候 何时 能否 怎么 为什么 因为 所以 但是 而且 已经 现在 目前 多次 一直 至今 居民 业主 "
    "小区 群众 百姓 市民 社区 街道 百忙之中 回复 处理 进行 可以 不能 这个 这样 他们 自己 以及 对于 如果 还是 "
    "就是 都是 附近 每天 晚上 长期 加快 力度 刻不容缓"
)


def plain(text: str) -> str:
    """Return letters, digits and characters only, in one width and case."""
    return _NOT_WORDS.sub("", unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True, slots=True)
class Said:
    """What a petition says, ready to be compared: its subject, all of it, and its pairs of characters."""

    subject: str
    whole: str
    pairs: frozenset[str] = field(repr=False)


class Wording:
    """Compares petitions.

    `found_in` says how well a short text is found inside another, from 0 to 1. `names` are the divisions, which say
    where and not what.
    """

    def __init__(self, found_in: Callable[[str, str], float], names: Iterable[str] = ()) -> None:
        self._found_in = found_in
        dropped = sorted({*_PHRASES.split(), *(plain(name) for name in names)} - {""}, key=len, reverse=True)
        self._dropped = re.compile("|".join(map(re.escape, dropped)))

    def read(self, subject: str, text: str) -> Said:
        """Return a petition ready for `likeness`."""
        head, body = (self._words(part[:LONGEST]) for part in (subject, text))
        words = [*head, *body]
        return Said(
            subject=" ".join(head),
            whole=" ".join(words),
            pairs=frozenset(word[at : at + 2] for word in words for at in range(len(word) - 1)),
        )

    def likeness(self, one: Said, other: Said) -> float:
        """Return how far two petitions say the same, from 0 to 1."""
        if not one.pairs or not other.pairs:
            return 0.0
        alike = len(one.pairs & other.pairs) / math.sqrt(len(one.pairs) * len(other.pairs))
        return (alike + (self._found(one, other) + self._found(other, one)) / 2) / 2

    def _found(self, one: Said, other: Said) -> float:
        """How well the subject of one is found in the other; a subject of phrases alone is found nowhere."""
        return self._found_in(one.subject, other.whole) if one.subject else 0.0

    def _words(self, text: str) -> list[str]:
        return self._dropped.sub(" ", plain(text)).split()
