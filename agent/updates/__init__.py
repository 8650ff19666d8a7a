"""Updates: what a signed repository offers, what of it is for this computer now, and how each kind of installation takes it."""
