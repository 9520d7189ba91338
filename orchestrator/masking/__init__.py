"""What a daemon does in a masked round. It loads this with its first one: numpy is no part of an idle daemon."""
