"""All that computes with tensors, in a process of its own: training, folding, evaluation and judging.

The daemon imports nothing of torch; it speaks to ``python -m orchestrator.worker`` through
:class:`orchestrator.daemon.process_workbench.ProcessWorkbench`.
"""
