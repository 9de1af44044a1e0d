"""From one runner to a cohort: whose files, in which batches, and what they have in common."""
