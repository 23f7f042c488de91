"""Replays of logs on a node, by scripts for bash; what they say is "" as a rule."""

from __future__ import annotations

import shlex

from localcloud.engines.mariadb.inside import LOGS, InsideNodes

# Relay logs as one log. One ends between any two events, and mariadb-binlog forgets what it has of a statement where a file ends:
# its rows would be gone without a word. Headers that are none of a server's start, and names of next files, are left out.
_JOIN = r"""
binmode STDOUT; my $first = 1;
for my $name (@ARGV) {
    open my $file, "<:raw", $name or die "$name: $!\n";
    read $file, my $magic, 4;
    print $magic if $first;
    while ((my $got = read $file, my $head, 19) > 0) {
        my ($type, $size) = (unpack "VCVVVv", $head)[1, 3];
        my $body = "";
        read $file, $body, $size - 19 if $got == 19 && $size > 19;
        my $continues = $type == 15 && !unpack("V", substr $body, 52, 4);
        print $head, $body if $first || !($type == 4 || $continues);
        $first = 0;
    }
}
"""
# What a statement has changed arrives as one statement, in base64: it may be far larger than any that a client may send.
_APPLY = """
usual=$(mariadb -BNe 'SELECT @@GLOBAL.max_allowed_packet')
trap "mariadb -e 'SET GLOBAL max_allowed_packet = $usual'" EXIT
mariadb -e 'SET GLOBAL max_allowed_packet = 1073741824'
apply() {
    mariadb --max-allowed-packet=1G --binary-mode > /data/tmp/replay.said 2>&1 || { tail -c 500 /data/tmp/replay.said; return 1; }
    rm -f /data/tmp/replay.said
}
"""
# MariaDB would throw relay logs away when replication starts by GTID: what they hold beyond the binary log is replayed from them.
# A transaction that was cut off at their end was never acknowledged; mariadb-binlog then ends with an error. So it does when they
# hold nothing beyond, which is as it should be.
_RELAY = f"""
cd {LOGS}
set -- relay-*.index
test -e "$1" || exit 0
start=$(mariadb -BNe 'SELECT @@gtid_binlog_pos')
xargs perl -e {shlex.quote(_JOIN)} < "$1" |
    mariadb-binlog ${{start:+--start-position="$start"}} - > /data/tmp/replay 2> /data/tmp/replay.problem ||
    grep -q 'never reached expected GTID state' /data/tmp/replay.problem ||
    echo "the relay log ends with: $(tail -n 1 /data/tmp/replay.problem)"
{_APPLY}
apply < /data/tmp/replay
rm -f /data/tmp/replay /data/tmp/replay.problem
"""


def binlogs(limits: str, files: str) -> str:
    """Replay binary logs; a transaction never goes on in the next one."""
    return f"{_APPLY}\nTZ=UTC mariadb-binlog {limits} {files} | apply"


async def replay_relay_log(inside: InsideNodes, node_id: str) -> str:
    """Apply what relay logs hold beyond the binary log, with replication stopped; what was remarkable, "" as a rule."""
    return await inside.script(node_id, _RELAY, f"applying what node {node_id} had received")
