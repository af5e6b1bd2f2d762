"""How a learning platform is registered: by invitation, by itself or by hand."""
