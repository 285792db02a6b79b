"""The line on disk: a hash chain that is replayed, checked and never guessed at."""
