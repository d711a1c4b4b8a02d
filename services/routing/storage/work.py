"""One transaction of routing: its repositories on one connection, its messages in the outbox."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any

from sqlalchemy import Engine, update

from lianxi.bus.engine import run_soon
from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.catalogue import COMMANDS
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.events import CaseEvent
from lianxi.contracts.envelope import Written
from lianxi.contracts.schemas import dump, load
from lianxi.courier import outgoing
from lianxi.runtime.clock import Clock
from lianxi.runtime.crypto import KeyRing
from services.routing.storage.cases import SqlCases
from services.routing.storage.desk import SqlDesk
from services.routing.storage.desk_books import SqlDeskBooks
from services.routing.storage.erasure import erase_texts
from services.routing.storage.link_work import LinkWork
from services.routing.storage.overrules import SqlOverrules
from services.routing.storage.records import SqlDirectives, SqlDocuments, SqlReceipts, SqlTexts, opened
from services.routing.storage.repeats import SqlRepeats
from services.routing.storage.rule_versions import SqlRuleVersions
from services.routing.storage.tables import SCHEMA, sorting
from services.routing.storage.unit_changes import SqlUnitChanges
from services.routing.storage.unit_news import SqlUnitNews
from services.routing.storage.wishes import SqlWishes

_REMEMBER_SORTING = f"""
INSERT INTO {sorting.fullname} (case_no, why, proposal) VALUES (%s, %s, %s::jsonb)
ON CONFLICT (case_no) DO UPDATE SET why = excluded.why, proposal = excluded.proposal
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """What every transaction of this node uses: who it is, its document mark, keys, clock, and its links."""

    node: str
    mark: str
    keys: KeyRing
    clock: Clock
    seal_links: Callable[[Any], None]
    post: Callable[[Any], Any]


class RoutingWork(LinkWork):
    """`Work` with the repositories that the handlers of routing ask for."""

    cases: SqlCases
    texts: SqlTexts
    documents: SqlDocuments
    receipts: SqlReceipts
    directives: SqlDirectives
    wishes: SqlWishes
    desk: SqlDesk
    desk_books: SqlDeskBooks
    repeats: SqlRepeats

    overrules: SqlOverrules
    unit_changes: SqlUnitChanges
    unit_news: SqlUnitNews
    rule_versions: SqlRuleVersions
    links: Any

    def __init__(self, engine: Engine, tools: Tools) -> None:
        super().__init__(engine, SCHEMA, DivisionCode.parse(tools.node), tools.seal_links)
        self._tools = tools
        self._now: datetime | None = None

    def prepare(self) -> None:
        """Build the repositories."""
        self.cases = SqlCases(self.connection)
        self.texts = SqlTexts(self.connection, self._tools.keys)
        self.documents = SqlDocuments(self.connection, self._tools.keys, self._tools.mark)
        self.receipts = SqlReceipts(self.connection)
        self.directives = SqlDirectives(self.connection, self._tools.keys)
        self.wishes = SqlWishes(self.connection, self._tools.keys)
        self.desk = SqlDesk(self.connection)
        self.desk_books = SqlDeskBooks(self.connection, self._tools.keys, self.texts)
        self.overrules = SqlOverrules(self.connection)
        self.unit_changes = SqlUnitChanges(self.connection)
        self.unit_news = SqlUnitNews(self.connection, self._tools.keys)
        self.rule_versions = SqlRuleVersions(self.connection)
        self.repeats = SqlRepeats(self.connection, self.cases, self._tools.keys)
        self.links = self._tools.post(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            try:
                self.cases.flush()
            except BaseException as failure:
                super().__exit__(type(failure), failure, failure.__traceback__)
                raise
        super().__exit__(kind, error, trace)

    @contextmanager
    def savepoint(self, *, only: bool = False) -> Iterator[None]:
        """Undo what happens inside when it raises; cases read or changed inside are forgotten with it."""
        self.cases.flush()
        try:
            with super().savepoint(only=only):
                yield
                self.cases.flush()
        except BaseException:
            self.cases.forget()
            raise

    def record(self, event: CaseEvent) -> None:
        """Publish a case event inside this node, as it was recorded."""
        self._publish(event, self.cases.written(event))

    def tell(self, notice: Any) -> None:
        """Publish another message inside this node."""
        self._publish(notice, None)

    def _publish(self, message: Any, written: Written | None) -> None:
        if self._now is None:
            self._now = self._tools.clock.now()
        self.publish(outgoing(message, node=self._tools.node, service=SCHEMA, time=self._now, written=written))

    def remember_sorting(self, case_no: str, why: str, proposal: Mapping[str, Any]) -> None:
        """Keep what the rules proposed and why the case waits."""
        run_soon(self.connection, _REMEMBER_SORTING, (case_no, why, json.dumps(dict(proposal))))

    def explain_waiting(self, case_no: str, why: str) -> None:
        """Keep another reason why the case waits."""
        self.connection.execute(update(sorting).where(sorting.c.case_no == case_no).values(why=why))

    def erase_texts(self, case_nos: Sequence[str]) -> int:
        """Blank what petitioners wrote and all that could recognise them; return how many texts there were."""
        return erase_texts(self.connection, self._tools.keys, case_nos)

    def read_command(self, command_type: str, text: str) -> Command:
        """Read a command from JSON; raises Invalid."""
        cls = COMMANDS.get(command_type)
        if cls is None:
            raise Invalid("command_type", "command", "本版本不认识这个办理步骤。")
        try:
            data = json.loads(text)
        except ValueError:
            raise Invalid("command", "command", "命令不是有效的JSON。") from None
        return load(cls, data)

    def seal_command(self, command: Command) -> str:
        """Return a command sealed for another node."""
        text = json.dumps(dump(command), ensure_ascii=False, separators=(",", ":"))
        return self._tools.keys.seal_for_transport(text, f"command/{command.case_no}")

    def open_command(self, command_type: str, case_no: str, sealed: str) -> Command:
        """Read a command that came sealed; raises Invalid."""
        return self.read_command(command_type, opened(self._tools.keys, sealed, f"command/{case_no}"))
