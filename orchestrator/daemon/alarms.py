"""Names of what an operator must look at. All but the first three pass by themselves."""

PRIVATE_CHAIN_REWRITTEN = "PRIVATE_CHAIN_REWRITTEN"
"""The private chain no longer holds a block that this node has attested to. Nothing is signed or sent until an operator
has compared the chain with the other members' and cleared the alarm."""

FOREIGN_CATCH_UP = "FOREIGN_CATCH_UP"
"""Somebody else has asked for content keys in this organisation's name, so can sign for its delegate. The daemon goes
on with all of its work, and supersedes such requests before anybody answers; the authority must rotate the delegate."""

RECORD_PASSED_OVER = "RECORD_PASSED_OVER"
"""The private contracts count an event that nobody entitled has signed, as the operator of a development chain can make
one. No daemon counts it, so contracts and records differ from then on."""

SHREDDING_OVERDUE = "SHREDDING_OVERDUE"
"""Under a certificate members have not said in time that they have shredded. It passes when they have."""

WORKING = frozenset({FOREIGN_CATCH_UP, SHREDDING_OVERDUE})
"""Alarms with which a daemon is ready all the same: it does all of its work."""

CHAIN_SILENT = "CHAIN_SILENT"
STORAGE_SILENT = "STORAGE_SILENT"
DISK_NOT_WRITABLE = "DISK_NOT_WRITABLE"
