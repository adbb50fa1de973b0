"""When leases end, as a replica tells it."""

import time

from ..support.stage import Stage
from .questions import lease_request


def lease_end(stage: Stage, name: str) -> float | None:
    """By time.monotonic, to the millisecond, if nobody renews it. None: it had ended, and has been given to us."""
    pending = stage.stubs[0].Get(lease_request(name, wait=0), timeout=5)
    if pending.WhichOneof("outcome") != "pending":
        return None
    return pending.pending.lease_expire_time.ToNanoseconds() / 1e9 - time.time() + time.monotonic()
