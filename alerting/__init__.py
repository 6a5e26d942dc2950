"""From a finding to a person, and what the person decided.

The life of an alert, one module per sentence:
a `finding` earns a tier (`tiers`) and joins those of its `cause`;
the `incident` they make opens, rises and resolves (`incident.step`), each member on its own evidence (`member`);
its `route` is resolved from the table of owners (`ownership`, read by `ownership_file`) and frozen when it opens;
a `notice` says in plain words what moved, who is told and by when something is expected (`wording`, `clocks`);
a delivery waits in the `outbox` until one of the `sinks` has got it there; `audit` keeps who decided what.

`decide.decide` is all of this for one tick, as values: it reads no clock, opens no file and sends nothing.
Start there, with `decide.Policy`; `ownership_file.load_ownership` gives the table, and `errors` what can go wrong.
"""
