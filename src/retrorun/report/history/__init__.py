"""The pages over many sessions of one athlete."""
