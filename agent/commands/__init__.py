"""The subcommands of `qalamsap`, one file each: words and files in, an operation called, words and an exit code out."""
