"""One proxy a contract: typed reads, and transactions as unsigned :class:`orchestrator.chain.proxy.Call`."""
