"""Messages between app and engine: requests, events, forecasts. Data only, no torch."""
