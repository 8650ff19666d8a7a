"""The server: the one place that faces the network, and the only one that knows websockets."""
