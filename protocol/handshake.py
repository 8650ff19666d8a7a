"""The frames that are not calls: the greeting and the heartbeat.

Programs take the first frame of a connection for the greeting, and match it with a pattern that knows digits and dots and no
blanks. Nothing may stand beside `version`, or they take it for an answer.
"""

VERSION = "1.4"  # of the protocol that pages know, not of this program
GREETING = '{"result":{"version":"' + VERSION + '"}}'
HEARTBEAT = "--heartbeat--"  # echoed at once, whatever else goes on
