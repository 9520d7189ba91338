"""Branch coverage of the contracts by the contract tests, measured on the code that is deployed.

Brownie's own `--coverage` reports nothing on this set-up, and leaves constructors out by design. So a recorder between
the tests and their chain (`recorder`) traces every transaction and call and keeps which conditional jumps went which
way; `sites` says which branches the sources have, `jumps` which jump of the compiled code belongs to which of them.
"""
