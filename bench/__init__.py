"""Measures of the application beside bare views and bare SQL, run by hand: see docs/mesures.md."""
