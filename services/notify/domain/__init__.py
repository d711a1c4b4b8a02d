"""What notify decides: which message concerns whom, in which words, and what becomes of a delivery.

`facts` turns a message into codes and days, `rules` choose recipients by them, `texts` put them into Chinese
sentences, `deliveries` follow each one until it has arrived or a person has to look.
"""
