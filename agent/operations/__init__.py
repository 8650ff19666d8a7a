"""What a page can ask for, one file each."""
