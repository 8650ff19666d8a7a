"""The renderer: a process that reads one untrusted document and says what can be seen of it. It can do nothing else."""
