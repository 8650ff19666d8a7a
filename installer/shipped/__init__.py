"""What goes into our packages besides our own code: its bill of materials and its licences."""
