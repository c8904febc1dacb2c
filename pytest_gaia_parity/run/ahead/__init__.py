"""`--parity-jobs`: the bodies of parity tests run ahead of pytest's loop, many at once, in one process.

pytest's protocol stays as it is, one test after the other, in its order. Before the protocol of a test begins, a *window* may be opened:
the bodies of the tests that come next, as far as that is safe, run in threads. When pytest comes to such a test, its function (and its
own fixtures) only repeat what the body did: what it printed, logged, warned, returned or raised. So reports, captured output, durations,
`-x`, and every other plugin see what they would have seen.
"""
