"""The stable ids of what the program logs: one row for each event that `agent.logs.note` may be given.

Monitoring, Windows' Event Log and scripts match ids, so an id is never given to another event, and an event that goes takes its id with
it: a gap stays. The text of an event may be made clearer, its id stays. Every id lies in the group of its subject:

    1000 start and end of our processes     1500 trust: TLS identity, authorities
    1100 settings and policy                1600 updates
    1200 what people decided about sites    1700 the broker of terminal servers
    1300 signatures, keys, windows          1800 records and caches on the disk
    1400 what was refused                   1900 what must never happen: our mistakes, damage, tampering

A new event: take the next free number of its group, and say in one sentence what happened and, where there is something to do, what.
docs/admin/events.md is made from this table: `python -m tests.support.event_table`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Event:
    """`meaning` is what administrators read: plain English, whole sentences."""

    id: int
    meaning: str


GROUPS: Final[Mapping[int, str]] = {
    1000: "Start and end of our processes",
    1100: "Settings and policy",
    1200: "What people decided about sites",
    1300: "Signatures, keys, windows",
    1400: "What was refused",
    1500: "Trust",
    1600: "Updates",
    1700: "Broker of terminal servers",
    1800: "Records and caches on the disk",
    1900: "What must never happen",
}

UNLISTED: Final = 1999
"""Of what a library logs, and of what has no row here."""

EVENTS: Final[Mapping[str, Event]] = {
    # --- 1000: start and end
    "listening": Event(1000, "The agent serves pages on this port."),
    "stopping": Event(1001, "The agent ends in order."),
    "command": Event(1002, "The command line or the icon told the agent something."),
    "no control endpoint": Event(1003, "The command line can't reach this agent; pages are served all the same."),
    "no HTTPS interface": Event(1004, "The port of the HTTPS interface is taken: see `https_api_port`."),
    "HTTPS interface listens": Event(1005, "The HTTPS interface is served on this port."),
    "no IPv6 loopback": Event(1006, "This computer has no ::1, or another program holds the port there."),
    "can't accept a connection": Event(1007, "The system gave no socket (often: too many open files). It is tried again."),
    "the tray icon can't be started": Event(1008, "The process of the icon can't be started. The agent works without it."),
    "tray icon ended": Event(1009, "The process of the icon ended, and is started again."),
    "the tray icon keeps ending, going on without one": Event(1010, "The icon is given up until the agent starts anew."),
    "start at login can't be read": Event(1011, "Whether the agent starts at login can't be read."),
    "nothing could be opened": Event(1012, "The desk or a browser can't be started."),
    "worker ended": Event(1013, "A process that served an approval ended; a status other than 0 is a crash."),
    "worker closed its input": Event(1014, "A worker ended before all was said to it."),
    "worker does not end, killing it": Event(1015, "A worker did not end in time after its page had left."),
    "the desk can't be called to the front": Event(1016, "Another desk is open, and does not answer."),
    "no entry among the programs": Event(1017, "The entry in the menu of programs can't be written."),
    # --- 1100: settings and policy
    "the settings can't be read": Event(1100, "The settings file or a policy is wrong; `qalamsap policy show` says where."),
    "not written": Event(1101, "A setting that the person changed can't be written."),
    "the language is not remembered": Event(1102, "The language that was chosen in the icon's menu can't be written."),
    "the policy can't be used": Event(1103, "A policy is wrong, or others than root could have written it: nothing is signed. `path` says which; `qalamsap policy show` says why."),
    "the policy was changed": Event(1104, "The policy was read again, and counts from now on."),
    "starting anew for the policy": Event(1105, "The agent starts anew, for the policy changed what is read at the start only."),
    "the settings can't be read any more": Event(1106, "The person's own settings file was broken while the agent ran, and the policy has to be read again: nothing is signed. `path` says which file."),
    # --- 1200: decisions about sites
    "a site is remembered": Event(1200, "The person lets this site ask without being introduced as new."),
    "a site is forgotten": Event(1201, "The person took that back."),
    "a site is blocked": Event(1202, "The person blocked this site and all others of its owner."),
    "a site is let in again": Event(1203, "The person took the block back."),
    # --- 1300: signatures, keys, windows
    "call": Event(1300, "A page asked for something."),
    "window shown": Event(1301, "A window asks the person; so long after the request."),
    "worker replied": Event(1302, "An approval ended: done, cancelled by the person, or failed."),
    "approval failed": Event(1303, "A request of a page failed; `code` says why."),
    "the operation failed": Event(1304, "The same, with the place in the program."),
    "request failed": Event(1305, "A request by our own interface failed; `code` says why."),
    "series failed": Event(1306, "A series of documents by the HTTPS interface failed; `code` says why."),
    "the page left": Event(1307, "A page went away before it had its answer."),
    "signatures were made": Event(1308, "Signatures were made, so many, for this caller. The receipt is in the journal."),
    "the person said no": Event(1309, "The person refused what was asked."),
    "the key can't be kept open": Event(1310, "A key that was to stay open between signatures is closed."),
    "the key was closed": Event(1311, "A key that stayed open was closed; `code` says why."),
    "the key was closed meanwhile": Event(1312, "A key was closed before the next signature, and the password is asked for again."),
    "the key could not be remembered": Event(1313, "A key file can't be put among the recent ones."),
    "a key file could not be noted": Event(1314, "What a key file holds can't be put into the library of keys."),
    "the choice could not be remembered": Event(1315, "What the person chose can't be written down."),
    "reminders of keys can't be noted": Event(1316, "That the person was reminded of keys that end can't be written down."),
    "the scripted person cancels": Event(1317, "A simulation has no answer for this question."),
    "a renderer gave no answer that counts": Event(1318, "A document could not be shown; the window says so."),
    # --- 1400: refusals
    "bad call": Event(1400, "A page sent what is no request."),
    "call left unread": Event(1401, "A page used NCALayer's first methods, which are off (`flat_api`)."),
    "too many calls wait": Event(1402, "A page sends requests faster than they can be answered."),
    "too many requests run": Event(1403, "A page asks for too much at once."),
    "a page floods its connection, closing it": Event(1404, "A connection was closed because of what its page sent."),
    "a message is too long, closing its connection": Event(1405, "A message was over the limit."),
    "a message takes too long, closing its connection": Event(1406, "A message did not come to its end in time."),
    "no room for a connection": Event(1407, "A site has too many connections, or all are in use."),
    "closing the oldest idle connection": Event(1408, "The oldest idle connection made room for a new one."),
    "no handshake": Event(1409, "Something connected and spoke no TLS: a port scan, or a browser that does not trust us."),
    "connection open": Event(1410, "A page connected."),
    "answered a request without a conversation": Event(1411, "An HTTP request was answered with this status."),
    "a connection of another person was refused": Event(1412, "Somebody else on this computer called this person's agent, so many times since it was last told."),
    "a caller is refused by policy": Event(1413, "The policy does not let this caller in (`policy-blocked`), or can't be used (`bad-policy`)."),
    # --- 1500: trust
    "TLS identity: making or renewing": Event(1500, "A new certificate for 127.0.0.1 is being made."),
    "no TLS identity was made": Event(1501, "The certificate for 127.0.0.1 could not be made: run `qalamsap trust renew`."),
    "the process that makes it can't be started": Event(1502, "The process that makes the certificate can't be started."),
    "the TLS identity can't be read": Event(1503, "The certificate for 127.0.0.1 can't be read, or others may read its key."),
    "a file of authorities can't be read": Event(1504, "A file that the setting `authorities` names is no certificate."),
    "fetched": Event(1505, "An authority's server was asked; `outcome` says what came of it."),
    "no worker takes the answer": Event(1506, "The answer of an authority's server came too late."),
    "trust was set up": Event(1507, "`qalamsap trust install` ran; so many browsers' stores were changed."),
    "trust was renewed": Event(1508, "`qalamsap trust renew` ran; so many browsers' stores were changed."),
    "trust was taken back": Event(1509, "`qalamsap trust remove` ran; so many browsers' stores were changed."),
    "a store does not stand as it should": Event(1510, "After that, `qalamsap trust status` has something to say."),
    "trust could not be changed": Event(1511, "`code` says why; the command has said it in full."),
    # --- 1600: updates
    "looked for updates": Event(1600, "The repository was read; `outcome` says whether a newer version is there, or waits."),
    "an update was installed": Event(1601, "A newer version was installed, or (`handed-over`) given to the system's installer."),
    "an update waits": Event(1602, "A window was open, an approval ran, or another update was under way: it is tried again later."),
    "no update could be had": Event(1603, "`code` says why: the repository can't be reached, or can't be believed."),
    "an update was taken back": Event(1604, "The new version did not start. The one before runs again, and that version is not tried again."),
    "the update ended": Event(1605, "A search for updates in the background failed; `qalamsap update status` says how."),
    "updates can't be looked for": Event(1606, "The process that looks for updates can't be started."),
    "an update was cut short": Event(1607, "It was ended before it was settled: `outcome` says what became of it at the next start, `error` why nothing could be done yet."),
    # --- 1700: broker; the first ones are said by the broker, the others by agents
    "the broker serves": Event(1700, "The broker has its sockets, and hands over what comes to these ports."),
    "an agent is registered": Event(1701, "The agent of this person (`owner` is the user id, on Windows the session) gets their connections from now on."),
    "an agent is gone": Event(1702, "The agent of this person ended, or hung up."),
    "no agent of that person is registered": Event(1703, "Somebody's page called while their agent did not run. The connection was closed."),
    "a connection whose owner can't be told": Event(1704, "It ended before it was looked at, or comes from a container. It was closed."),
    "an agent takes no connections": Event(1705, "An agent hangs: its connections are closed, and after a while it is let go."),
    "an agent is refused": Event(1706, "`why`: this person has one already (taken), there are too many (full), it is of another version, or (Windows) it gave the broker no right to hand it connections (rights)."),
    "no descriptors are left": Event(1707, "The system has no more descriptors for the broker. It goes on after a moment."),
    "the broker can't begin": Event(1708, "The broker's service (Windows) can't have this port, for the reason with this number (10048: another program has it). Windows starts it again after a while."),
    "registered with the broker": Event(1710, "The broker hands this agent its person's connections from now on."),
    "the broker went away": Event(1711, "The broker ended. The agent registers again as soon as there is one."),
    "the broker refuses this agent": Event(1712, "`code`: another agent of this person is registered (taken), the broker is of another version, or (Windows) it can't hand this agent connections (rights)."),
    "the broker owns another port": Event(1713, "The broker of this computer serves other ports, so this agent listens on its own."),
    "the broker does not answer": Event(1714, "The agent can't register; it tries again."),
    # --- 1800: records on the disk
    "the grants can't be read": Event(1800, "What was decided about sites can't be read: every site is taken for a new one."),
    "the cache can't be read": Event(1801, "A kept answer of an authority can't be read; the authority is asked again."),
    "the cache can't be written": Event(1802, "An answer of an authority can't be kept."),
    "the cassette can't be written": Event(1803, "A recording can't be written."),
    # --- 1900: what must never happen
    "internal error": Event(1900, "A mistake of ours: please report it with a support bundle."),
    "an error that nobody caught": Event(1901, "A mistake of ours: please report it with a support bundle."),
    "worker crashed": Event(1902, "A process crashed while it served an approval; the page got an error and no signature."),
    "the worker crashed": Event(1903, "The same, told by the process itself, with the place in the program."),
    "no reply in the dialect of the page": Event(1904, "A mistake of ours: please report it with a support bundle."),
    "the pipe from the daemon broke": Event(1905, "A worker lost its daemon."),
    "the tray icon talks nonsense": Event(1906, "The process of the icon sent what no message holds."),
    "a page says what no message holds": Event(1907, "The window of the desk sent what no message holds."),
    "the record of chosen files is damaged, so nothing is chosen": Event(1910, "A record was changed by somebody else, or damaged."),
    "the damaged record of chosen files was put aside": Event(1911, "It lies beside the new one, with .broken in its name."),
    "the damaged record of wrong passwords was put aside": Event(1912, "It lies beside the new one, with .broken in its name."),
}  # fmt: skip


def id_of(event: str) -> int:
    """The id of an event; UNLISTED for what has no row."""
    found = EVENTS.get(event)
    return found.id if found else UNLISTED
