"""A federation of plain networks in which one organisation may plant a backdoor."""
