"""What app and engine say to each other: requests, events, forecasts. Data only, no torch."""
