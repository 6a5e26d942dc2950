"""Sockets, clocks, environment and database around `detectors` and `alerting`: the straight line of one event.

    source      service.sources     records at offsets, in batches
    account     service.accounting  each record: accepted, duplicate, late, dead, filtered or gap
    decode      service.events      bytes to events, events to columns; fold (detectors) counts them into panes
    commit      service.store       panes, offsets, dead letters and ledger in one transaction, by compare-and-swap
    close       service.close       event time passes a tick: panes roll up, once, journaled
    evaluate    service.evaluate    windows to readings, readings to findings, findings to what alerting decides
    deliver     service.deliver     the outbox to destinations, until they say so

`service.pipeline` is the loop over the first five, `service.app` chooses every real thing, `service.running` runs them.
"""
