"""Builds packages for Linux: `python -m installer.linux`, or `./dev package`."""
