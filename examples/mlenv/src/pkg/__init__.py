"""An experiment: a logistic regression on generated data."""
