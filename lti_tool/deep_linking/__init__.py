"""Deep linking: an instructor chooses what a new link in the course opens."""
