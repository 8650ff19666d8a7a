"""Says, as JSON, what a screen reader finds of an application, and what it is told. Run by the system's Python, which has GObject
introspection.

python3 accessible_tree.py NAME     answers each line of its input with one of its output:
    tree                            the application's tree; waits for it, null if it does not come
    heard                           sentences that it announced since the last time

The first line of its output says that it listens.
"""

import json
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402  # after the version is chosen

_MOST_CHILDREN = 40
_WAIT_S = 15
_SETTLE_S = 0.15  # for what is on its way

_heard = []


def labels_of(node):
    """What it is called by others; for where its name is what is chosen."""
    return [
        relation.get_target(at).get_name()
        for relation in node.get_relation_set()
        if relation.get_relation_type() == Atspi.RelationType.LABELLED_BY
        for at in range(relation.get_n_targets())
    ]


def tree_of(node):
    states = node.get_state_set()
    shown = [node.get_child_at_index(at) for at in range(min(node.get_child_count(), _MOST_CHILDREN))]
    return {
        "role": node.get_role_name(),
        "name": node.get_name(),
        "description": node.get_description(),
        "focused": states.contains(Atspi.StateType.FOCUSED),
        "focusable": states.contains(Atspi.StateType.FOCUSABLE),
        "showing": states.contains(Atspi.StateType.SHOWING),
        "enabled": states.contains(Atspi.StateType.ENABLED),
        "labels": labels_of(node) if node.get_role() == Atspi.Role.COMBO_BOX else [],
        "children": [tree_of(child) for child in shown if child is not None],
    }


def application(name):
    until = time.monotonic() + _WAIT_S
    while time.monotonic() < until:
        desktop = Atspi.get_desktop(0)
        desktop.clear_cache()
        for at in range(desktop.get_child_count()):
            found = desktop.get_child_at_index(at)
            if found is not None and found.get_name() == name and found.get_child_count():
                found.set_cache_mask(Atspi.Cache.NONE)  # it is to be found as it is now
                return found
        time.sleep(0.1)
    return None


def settle():
    until = time.monotonic() + _SETTLE_S
    while time.monotonic() < until:
        GLib.MainContext.default().iteration(False)
        time.sleep(0.005)


def hear(event):
    _heard.append(event.any_data)


def main(name):
    Atspi.init()
    listener = Atspi.EventListener.new(hear)
    listener.register("object:announcement")
    print("listening", flush=True)
    for line in sys.stdin:
        if line.strip() == "heard":
            settle()
            print(json.dumps(_heard), flush=True)
            _heard.clear()
        else:
            found = application(name)
            print(json.dumps(None if found is None else tree_of(found)), flush=True)


main(sys.argv[1])
