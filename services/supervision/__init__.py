"""Watches the clocks of every case this node can see, its own and its subtree's, and says who is late."""
