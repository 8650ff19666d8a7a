"""What a document shows, as its renderer says: pages, rows, text. Nothing is parsed here."""
