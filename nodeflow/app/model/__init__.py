"""State behind the views, without widgets: document session, runs, history, forecast, settings, undo."""
