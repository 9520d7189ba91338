"""Set-up and launchers for work in a checkout; not part of the installed package."""
