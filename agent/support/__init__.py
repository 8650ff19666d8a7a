"""What helps whoever helps: the bundle for support, and the health of the agent for monitoring."""
