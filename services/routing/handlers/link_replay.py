"""After a restore: asking the neighbours for what this node sent them, and giving neighbours back what they sent.

A database from a backup lacks what its node did since. Part of that crossed a link and stands in the archive of the
neighbour: events, offers and answers of custody, directives. The node asks each neighbour for it,
and until all have answered nothing else that arrives is carried out: an offer that comes again must find the answer
that was given the first time. It waits in quarantine, under the code `recovering`, and no clerk may act meanwhile.
"""

from typing import Any

from lianxi.casework.errors import Broken, Forbidden, Retryable
from lianxi.casework.messages.replay import ReplayAsked, ReplayGiven
from services.routing.domain.link_protocol import Epoch
from services.routing.domain.link_reading import letter_in
from services.routing.domain.link_replay import Recovery, packed_frames, unpacked_frames
from services.routing.domain.link_sending import renewed
from services.routing.handlers.link_ends import LinkBook, LinkEnd, LinkWork
from services.routing.handlers.links import append, send

WAITING = "recovering"
EVENT, ANSWER, DIRECTIVE_ANSWER, FAILED = "event", "answer", "directive-answer", "failed"


def check_whole(work: LinkWork) -> None:
    """Raise Retryable while this node gets back what it did before its database was restored."""
    if work.link_book.recovering():
        raise Retryable("本节点刚从备份恢复，正在向上下级节点取回恢复点之后的记录，请稍后再办。", code=WAITING)


def begin_again(work: LinkWork, end: LinkEnd) -> list[str]:
    """Start every link that was in use in a new epoch and note what to ask for; return the neighbours concerned."""
    book, now, begun = work.link_book, end.real_now(), []
    for key in book.recovered_keys(FAILED):  # of an earlier recovery, which the backup remembers
        book.forget_recovered(FAILED, key, [0])
    for peer, outbound in book.outbounds(end.peers, end.fresh_epoch).items():
        if not outbound.newest_ack:
            continue
        unacked = book.take_after(peer, outbound.epoch, outbound.acked)
        fresh = renewed(outbound, outbound.epoch.number + 1, end.new_id(), "")
        fresh = append(book, end, fresh, [(letter_in(body), born) for body, born in unacked], now)
        book.save_outbound(fresh)
        book.begin_recovery(peer, outbound.epoch, outbound.last_seq, now)
        begun.append(peer)
    return begun


def ask(work: LinkWork, end: LinkEnd) -> None:
    """Ask the neighbours that were not asked yet."""
    if end.reclaim is None or not work.link_book.recovering():
        return
    for recovery in work.link_book.recoveries():
        if recovery.asked_at is None and recovery.finished_at is None and recovery.peer in end.peers:
            send(work, end, recovery.peer, ReplayAsked(epoch=recovery.epoch, after=recovery.after))
            work.link_book.asked_for_replay(recovery.peer, end.real_now())


def take(work: LinkWork, end: LinkEnd, origin: str, message: Any) -> None:
    """Carry out a message of a replay; only a direct neighbour has anything to ask or to give."""
    if origin not in end.peers:
        raise Forbidden("只有直接上下级节点之间可以补发。", code="foreign-sender", rule="GD-4")
    match message:
        case ReplayAsked():
            _give(work, end, origin, message)
        case ReplayGiven():
            _get(work, end, origin, message)
        case _:
            raise Broken("没有处理这种补发消息的用例。", code="no-use-case")


def _give(work: LinkWork, end: LinkEnd, peer: str, asked: ReplayAsked) -> None:
    epoch = Epoch.parse(asked.epoch)
    bodies = work.link_book.archived(peer, epoch, asked.after) if epoch else ()
    missing = work.link_book.missing_in_archive(peer, epoch, asked.after) if epoch else 0
    portions = list(packed_frames(bodies)) or [("", [])]
    for part, (frames, too_large) in enumerate(portions, start=1):
        given = ReplayGiven(
            epoch=asked.epoch,
            after=asked.after,
            part=part,
            parts=len(portions),
            frames=frames,
            missing=missing,
            left_out=tuple(letter_in(body).id for body in too_large),
        )
        send(work, end, peer, given)


def _get(work: LinkWork, end: LinkEnd, peer: str, given: ReplayGiven) -> None:
    """Take a part of the answer; after the last part of the last answer, histories go on with what came back."""
    book = work.link_book
    letters = [letter_in(body) for body in unpacked_frames(given.frames)]
    known = book.already_sent(peer, [letter.id for letter in letters])
    own = [letter for letter in letters if letter.origin == str(end.node) and letter.id not in known]
    failed = list(given.left_out)
    for letter in own:
        try:
            with work.savepoint():
                _reclaim(work, end, peer, letter.message)
        except Exception as failure:
            if work.lost(failure) or work.passes(failure):
                raise
            failed.append(letter.id)
            book.keep_recovered(FAILED, letter.id, peer, f"{letter.type} {letter.case_id} {_code(failure)}")
    for letter_id in given.left_out:
        book.keep_recovered(FAILED, letter_id, peer, "too-large")
    book.got_replay(peer, len(own), given.missing, end.real_now() if given.part == given.parts else None)
    end.watch.replayed(peer, len(own), len(failed))
    if not book.recovering():
        fill_all(work, end)


def _code(failure: Exception) -> str:
    return str(getattr(failure, "code", "")) or type(failure).__name__


def _reclaim(work: LinkWork, end: LinkEnd, peer: str, text: str) -> None:
    if end.reclaim is not None:
        end.reclaim.take(work, peer, end.codec.decode(text), text)


def fill_all(work: LinkWork, end: LinkEnd) -> None:
    """Let every history go on with the events that came back."""
    if end.reclaim is None:
        return
    for case_no in work.link_book.recovered_keys(EVENT):
        end.reclaim.fill(work, case_no)


def fill(work: LinkWork, end: LinkEnd, case_key: str) -> None:
    """Let the history of one case go on with the events that came back."""
    if end.reclaim is not None and work.link_book.recovered(EVENT, case_key):
        end.reclaim.fill(work, case_key)


def go_on_without(work: LinkWork, end: LinkEnd, peer: str) -> bool:
    """Await no neighbour's answer any longer; return whether one was awaited."""
    awaited = work.link_book.give_up_recovery(peer, end.real_now())
    if awaited and not work.link_book.recovering():
        fill_all(work, end)
    return awaited


def report(work: LinkWork, end: LinkEnd) -> dict[str, Any]:
    """Return what came back from each neighbour, what did not find its place, and of what the text is gone."""
    book = work.link_book
    peers = [
        {"peer": row.peer, "state": _state(row), "frames": row.frames, "missing": row.missing}
        for row in book.recoveries()
    ]
    lost = [{"name": row.peer, "what": f"缺 {row.missing} 条记录"} for row in book.recoveries() if row.missing]
    lost += [{"name": case_no, "what": _gap(book, case_no)} for case_no in book.recovered_keys(EVENT)]
    for key in book.recovered_keys(FAILED):
        lost.append({"name": key, "what": f"不能取回：{book.recovered(FAILED, key)[0]}"})
    lacking = []
    if peers:
        own = str(end.node)
        lacking = [{"name": case_no, "what": "信访内容和信访人信息"} for case_no in book.texts_lacking(own)]
        lacking += [{"name": case_no, "what": f"文书 {number}"} for case_no, number in book.documents_lacking(own)]
    return {"peers": peers, "lost": lost, "lacking": lacking, "open": book.recovering()}


def _state(recovery: Recovery) -> str:
    if recovery.given_up:
        return "不再等待"
    if recovery.finished_at is not None:
        return "已答复"
    return "等待答复" if recovery.asked_at else "尚未询问"


def _gap(book: LinkBook, case_no: str) -> str:
    seqs = sorted(book.recovered(EVENT, case_no))
    return f"第{seqs[0]}至{seqs[-1]}条记录已取回，但与本节点的历史不衔接或不一致，请按“历史受损”手册处理"
