"""The one prober of the project: scheduled sends, a ledger of acknowledged writes, a journal, and figures from it.

journal     what was sent and what came back, as plain data; every other module is about it
schedule    when to send: fixed in advance, whatever the site does
transport   one HTTP request, one answer; never through a gateway where the target is local
sender      runs a schedule against a transport
ledger      acknowledged writes on disk, before they count
verify      which acknowledged writes are there afterwards
figures     journal -> outages, latencies, who answered, RTO and RPO: pure functions
running     the same while a run goes on, without looking at all of it again
"""
