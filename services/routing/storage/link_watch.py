"""What operators see of the links: metrics with bounded labels, and one log line for everything unusual."""

from collections.abc import Collection, Mapping
from typing import Any

from lianxi.runtime.logging import logger
from lianxi.runtime.metrics import counter, from_nought, gauge

_log = logger("routing.links")

_REFUSED = counter("link_refused_total", "Frames that were not let in", ["peer", "reason"], most=10)
_DUPLICATES = counter("link_inbox_duplicates_total", "Frames that came again and were dropped", ["peer"])
_OVERFLOW = counter("link_inbox_overflow_total", "Frames beyond what can be held behind a gap", ["peer"])
_STALE = counter("link_inbox_stale_total", "Frames of an epoch that was given up", ["peer"])
_QUARANTINED = counter("link_quarantined_total", "Messages whose handler failed", ["peer", "code"], most=10)
_REPLAYED = counter("link_replayed_total", "Frames of ours that a peer gave back after a restore", ["peer", "outcome"])
_SENT_AGAIN = counter("link_resent_total", "Frames sent again", ["peer"])

_LAST = gauge("link_outbox_last_seq", "Last number given to a frame for the peer", ["peer"])
_ACKED = gauge("link_outbox_acked_seq", "Last number the peer said it applied", ["peer"])
_OLDEST = gauge("link_outbox_oldest_unacked_seconds", "Age of the oldest frame without an ack", ["peer"])
_NEXT = gauge("link_inbox_next_seq", "Number expected next from the peer", ["peer"])
_HELD = gauge("link_inbox_held", "Frames that wait behind a gap", ["peer"])
_HEARTBEAT = gauge("link_peer_heartbeat_age_seconds", "Since the peer was heard, or heard us", ["peer", "dir"])
_EPOCH = gauge("link_epoch", "Number of the epoch in which we send to the peer", ["peer"])
_OF_A_PEER = (_LAST, _ACKED, _OLDEST, _NEXT, _HELD, _EPOCH)


class LinkWatch:
    """Metrics and log of the links of this process."""

    def __init__(self) -> None:
        self._shown: set[str] = set()
        self._heard: set[tuple[str, str]] = set()

    def refused(self, peer: str, reason: str, size: int) -> None:
        """A frame was not let in."""
        _REFUSED.labels(peer, reason).inc()
        _log.warning("link_refused", peer=peer, reason=reason, size=size)

    def arranged(self, peer: str, duplicates: int, overflow: int, stale: int) -> None:
        """So many frames came twice, beyond what can be held, or of an epoch given up."""
        for metric, amount in ((_DUPLICATES, duplicates), (_OVERFLOW, overflow), (_STALE, stale)):
            if amount:
                metric.labels(peer).inc(amount)

    def quarantined(self, peer: str, code: str) -> None:
        """A handler failed."""
        _QUARANTINED.labels(peer, code).inc()
        _log.error("link_quarantined", peer=peer, code=code)

    def restarted(self, peer: str, epoch: str, lost: int) -> None:
        """A stream of ours began a new epoch; the peer holds so many frames that we forgot."""
        _log.error("link_epoch_began", peer=peer, epoch=epoch, frames_only_the_peer_has=lost)

    def replayed(self, peer: str, frames: int, failed: int) -> None:
        """So many frames of ours came back from a neighbour; those failed that could not be read again."""
        _REPLAYED.labels(peer, "taken").inc(frames - failed)
        _REPLAYED.labels(peer, "failed").inc(failed)
        _log.warning("link_replayed", peer=peer, frames=frames, failed=failed)

    def sent_again(self, peer: str, frames: int) -> None:
        """Frames were handed to the relay again."""
        _SENT_AGAIN.labels(peer).inc(frames)
        _log.warning("link_resent", peer=peer, frames=frames)

    def stands(self, row: Mapping[str, Any]) -> None:
        """Where a link stands now."""
        peer = row["peer"]
        if peer not in self._shown:
            for metric in (_DUPLICATES, _OVERFLOW, _STALE, _SENT_AGAIN):
                from_nought(metric, (peer,))
            from_nought(_REPLAYED, (peer,), ("taken", "failed"))
        self._shown.add(peer)
        _LAST.labels(peer).set(row["last_seq"])
        _ACKED.labels(peer).set(row["acked"])
        _OLDEST.labels(peer).set(row["oldest_unacked_seconds"])
        _NEXT.labels(peer).set(row["next_in"])
        _HELD.labels(peer).set(row["held"])
        _EPOCH.labels(peer).set(int(row["epoch"].partition(".")[0]))
        for direction, age in (("in", row["heartbeat_age_seconds"]), ("out", row["heard_by_peer_age_seconds"])):
            if age is not None:
                _HEARTBEAT.labels(peer, direction).set(age)
                self._heard.add((peer, direction))

    def only(self, peers: Collection[str]) -> None:
        """These are the neighbours; a link that is no more is shown no more."""
        for peer in self._shown - set(peers):
            for metric in _OF_A_PEER:
                metric.remove(peer)
            for direction in ("in", "out"):
                if (peer, direction) in self._heard:
                    _HEARTBEAT.remove(peer, direction)
                    self._heard.discard((peer, direction))
            self._shown.discard(peer)
            _log.info("link_ended", peer=peer)
