"""The market as the loop sees it: today a synthetic one, and quotes read from a file."""
