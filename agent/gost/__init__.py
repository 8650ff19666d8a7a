"""Kazakhstan's GOST algorithms: hashes and signatures, in C where it was compiled and in Python everywhere."""
