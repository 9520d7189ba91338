"""What a gradient gives away of an image, and what the key-lock changes about it, under attackers of all knowledge."""
