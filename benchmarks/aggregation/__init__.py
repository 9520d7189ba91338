"""`make bench-aggregation`: the fold beside the aggregators of flwr, NVFlare, PEFT and chorus-fl, turn by turn."""


class Absent(Exception):
    """What a contestant needs is not here: a GPU, a package, a strategy. It is reported, and the others go on."""
