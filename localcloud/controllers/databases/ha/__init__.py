"""The controller of highly available MySQL instances, as pure functions: what is seen and remembered in, the next action out.

Nothing here waits, asks or changes anything. `databases/control_loop.py` looks, decides with this, and acts.
"""

from localcloud.controllers.databases.ha.decisions import decide
from localcloud.controllers.databases.ha.memory import Memory, remember
from localcloud.controllers.databases.ha.model import Action, Decision, Node, Settings, View

__all__ = ["Action", "Decision", "Memory", "Node", "Settings", "View", "decide", "remember"]
