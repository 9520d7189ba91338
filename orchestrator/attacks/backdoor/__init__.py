"""Backdoors: a trigger that one organisation taught the model, which sends whatever carries it to one class.

``triggers`` plants them, ``success`` says how well they work. ``disagreement`` finds whose contribution brought one, by
the folds with and without each; ``phrase_search`` and ``patch_search`` find what those folds disagree about.
``representations`` has spectral signatures and activation clustering, for whoever holds the training data.
"""
