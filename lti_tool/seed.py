"""A little history for the demo's courses, made through the product's own actions."""
