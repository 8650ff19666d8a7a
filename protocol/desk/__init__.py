"""What the desk's window says to the desk, and hears from it: a module for each of its pages."""
