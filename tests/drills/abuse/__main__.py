"""A server beside those who mean it no good: it lives, others are served, its memory stays bounded. See docs/limits.md.

    PYTHONPATH=tests build/venv/bin/python -m drills.abuse [--short] [--row NAME]...

The abuser and the honest client share the machine with the server: with two processors, what the abuser itself takes
is in the figures.
"""

import argparse
import sys

from ..support.verdict import Verdict
from . import crowds, floods, noisy_neighbour, oversize

# Each: run(verdict, short).
ROWS = {"floods": floods, "oversize": oversize, "crowds": crowds, "noisy-neighbour": noisy_neighbour}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/drill abuse")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--row", action="append", choices=ROWS)
    options = parser.parse_args()
    verdict = Verdict("abuse", leniency=3 if options.short else 1)
    for name in options.row or ROWS:
        ROWS[name].run(verdict, options.short)
    return 0 if verdict.all_kept() else 1


if __name__ == "__main__":
    sys.exit(main())
