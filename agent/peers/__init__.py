"""Whose program is at the other end of a connection over loopback: the system is asked, in each system's own way."""
