"""The mark, the tray icons drawn from it, and the script that draws them."""
