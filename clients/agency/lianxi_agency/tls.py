"""Whom an agency believes on the line, and who it is itself: contexts made of the files the city office gave out.

The name of the host is always checked: a certificate of the right authority for another host is refused.
"""

import ssl


def trusting(authority: str) -> ssl.SSLContext:
    """Return the context that believes the authority in this file (PEM), and no other."""
    return ssl.create_default_context(cafile=authority)


def with_certificate(certificate: str, key: str, authority: str) -> ssl.SSLContext:
    """Return the context that shows an agency's certificate and believes the city's authority; all three are files."""
    context = trusting(authority)
    context.load_cert_chain(certificate, key)
    return context
