"""The desk: the agent's own window and what stands behind its pages. It holds no key and no password."""
