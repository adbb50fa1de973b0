"""The one logger, and warnings that are given once."""

import logging

logger = logging.getLogger("paracle_cache")

_MOST_REMEMBERED = 256
_given: set[str] = set()


def warn_once(message: str) -> None:
    """Warns, unless this very message was given before. After 256 different ones, new ones go to debug."""
    if message in _given:
        return
    if len(_given) < _MOST_REMEMBERED:
        _given.add(message)
        logger.warning(message)
    else:
        logger.debug(message)


class Notices:
    """Warnings about one thing, such as a function, each kind once. Thread-safe, but for a second copy in a race."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._given: set[str] = set()

    def warn(self, kind: str, text: str) -> None:
        if kind not in self._given:
            self._given.add(kind)
            logger.warning("%s: %s (said once)", self._name, text)
