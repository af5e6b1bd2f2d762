"""The Canvas-like dialect, after the published sources of Canvas."""
