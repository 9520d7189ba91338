"""The release gate: what a model gives away, measured before it is given away; see docs/methods/release.md."""
