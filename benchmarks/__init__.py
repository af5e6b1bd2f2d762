"""The comparisons that the docs claim: `make bench`."""
