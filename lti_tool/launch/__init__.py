"""The front door: from the platform's launch to a visit, and what a visit may do."""
