"""The broker of a computer that several people use at once: it owns the port and hands each connection to its owner's agent."""
