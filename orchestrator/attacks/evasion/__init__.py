"""Evasion: inputs changed so little that people would not mind, and so that a model gets them wrong.

``images`` has FGSM and PGD, ``swaps`` words for words in texts, ``curve`` what accuracy is left at each budget,
``training`` makes models that withstand more and says what that cost. All need torch.
"""
