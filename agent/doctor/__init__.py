"""What stands between this computer and a signature: looks at everything that has ever been in the way, and says what to do."""
