"""Making one signature, a module for each format: examine the document, make the signature, read it back as a stranger would."""
