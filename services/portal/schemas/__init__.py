"""The bodies of the portal's HTTP: what is read is checked here, what is answered is described here."""
