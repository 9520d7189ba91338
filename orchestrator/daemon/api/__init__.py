"""The daemon's HTTP API, its status page, probes and metrics. Needs the extra ``daemon``; nothing else imports it."""
