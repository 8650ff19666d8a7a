"""Signatures in PDF files (PAdES). pades.py is the way in; the other modules load pyHanko, which takes a third of a second."""
