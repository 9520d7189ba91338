"""The verification suite: `loranchor evaluate unlearning`, part by part."""
