"""How services hear of what others did and ask each other to do things, without losing or repeating anything.

A service writes what it wants to tell into its own `outbox`, in the transaction of its business rows (`work`). The
relay, a process of its own, carries it to the broker. Consumers take batches, remember in the `inbox` what they
have seen, keep the order of each stream, and set aside what fails. The bus knows no case, no law and no service:
services mark their methods with the decorators of `doors`, and either runner, nameko (`entrypoint`, `rpc`) or plain
threads (`threads`), turns the marks into consumers, calls and timers.
"""
