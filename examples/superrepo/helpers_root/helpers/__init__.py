"""What every runnable directory needs."""
