"""Several personas on one message: who takes part, in what order, and how their answers are joined.

A message is taken apart into its sentences and clauses. Each part is read by the analyser and
scored by the affinities of the personas and by what these say of themselves, so that a persona
that was installed a minute ago takes part at once; nothing here knows one by its name. Every
persona answers its own parts in a turn of the normal pipeline (`Ensemble`).
"""
