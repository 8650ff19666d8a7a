"""Signature formats: bytes in, signed bytes out. Pure: no files, network or clock."""
