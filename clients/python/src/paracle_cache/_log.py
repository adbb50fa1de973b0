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
