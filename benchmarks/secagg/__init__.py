"""What secure aggregation costs: bytes and seconds of simulated rounds, and how uniform a masked update looks."""
