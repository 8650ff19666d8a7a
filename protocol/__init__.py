"""Every message that crosses a process border: bytes to plain values and back. Pure, standard library only."""
