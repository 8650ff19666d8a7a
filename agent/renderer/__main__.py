"""The renderer's program: `python -m agent.renderer`, started by agent.previews."""

import sys

from agent.renderer import process

if __name__ == "__main__":
    raise SystemExit(process.main(sys.argv[1:]))
