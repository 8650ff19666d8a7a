"""The signing agent: the daemon that faces web pages, and the workers that hold keys."""
