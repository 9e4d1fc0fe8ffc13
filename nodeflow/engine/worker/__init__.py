"""The worker: takes requests, runs jobs in order, and holds what outlives a job."""
