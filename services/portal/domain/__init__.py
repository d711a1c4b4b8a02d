"""Rules only the portal owns: who may see and do what here, how hard it is to guess a password, plain words."""
