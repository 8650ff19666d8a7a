"""The portal's pages, a file for each part of the cabinet. A page opens a visit, works, and gives an answer."""
