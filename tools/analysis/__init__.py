"""`make contracts-check`: slither, halmos, branch coverage and the state machines, with one verdict."""
