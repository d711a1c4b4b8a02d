"""The tables of routing, its repositories, and the transaction that joins them."""
