"""Gas of every entry point, whole transactions mined by Anvil, with a naive design beside it (`make bench-gas`)."""
