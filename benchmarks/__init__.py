"""What the README promises, measured, beside peers that do comparable work: `make bench`."""
