"""What administrators put right later: platforms that move or go, and people who were merged."""
