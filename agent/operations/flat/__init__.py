"""NCALayer's first methods, where a page names a key file and sends its password (decision 0019, protocol.flat)."""
