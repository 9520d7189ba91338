"""What members dispute and repair: signed checkpoints and equivocation, awards, failed rounds, overdue revocations.

What is compared is recomputed here from the records. The verbs ``award``, ``checkpoint``, ``round`` and ``revoke`` show
it, and send what a member decides.
"""
