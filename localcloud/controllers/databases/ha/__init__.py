"""The controller of highly available MySQL instances, as pure functions: what is seen and remembered in, the next step out.

Nothing here waits, asks or changes anything. `databases/rounds.py` looks, decides with this and acts, one step after the other.
"""

from localcloud.controllers.databases.ha.decisions import decide
from localcloud.controllers.databases.ha.memory import Memory, remember
from localcloud.controllers.databases.ha.model import Action, Decision, Node, Settings, Step, View

__all__ = ["Action", "Decision", "Memory", "Node", "Settings", "Step", "View", "decide", "remember"]
