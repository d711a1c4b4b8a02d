"""What every process needs and no business rule may touch: time, settings, logs, metrics, health, keys, the runner."""
