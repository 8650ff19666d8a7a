"""The maintainers' side of updates: keys, lists of releases, signatures of several people, and what is published."""
