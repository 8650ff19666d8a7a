"""The desk's window: the agent's own, opened by the person."""
