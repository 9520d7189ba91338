"""The `brownie` command of this checkout: a home of its own, our networks, started when they are needed."""
