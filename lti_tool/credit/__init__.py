"""The ledger of helping, and its way to the platform's gradebook."""
