"""Speaks to platforms, in LTI's own words. The only importer of pylti1p3 and requests."""
