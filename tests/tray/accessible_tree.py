"""Prints, as JSON, what a screen reader finds of an application. Run by the system's Python, which has GObject introspection.

python3 accessible_tree.py NAME     waits for the application; exit code 1 if it does not come
"""

import json
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi  # noqa: E402  # after the version is chosen

_MOST_CHILDREN = 40


def tree_of(node):
    states = node.get_state_set()
    shown = [node.get_child_at_index(at) for at in range(min(node.get_child_count(), _MOST_CHILDREN))]
    return {
        "role": node.get_role_name(),
        "name": node.get_name(),
        "description": node.get_description(),
        "focused": states.contains(Atspi.StateType.FOCUSED),
        "showing": states.contains(Atspi.StateType.SHOWING),
        "enabled": states.contains(Atspi.StateType.ENABLED),
        "children": [tree_of(child) for child in shown if child is not None],
    }


def main(name):
    Atspi.init()
    until = time.monotonic() + 15
    while time.monotonic() < until:
        desktop = Atspi.get_desktop(0)
        for at in range(desktop.get_child_count()):
            found = desktop.get_child_at_index(at)
            if found is not None and found.get_name() == name and found.get_child_count():
                print(json.dumps(tree_of(found)))
                return 0
        time.sleep(0.1)
    return 1


sys.exit(main(sys.argv[1]))
