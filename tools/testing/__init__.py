"""Run the test suites of both environments and count them together."""
