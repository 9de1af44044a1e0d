"""Many athletes: assign files to them, process the files in batches, compare the athletes."""
