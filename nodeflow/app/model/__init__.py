"""What the views show, without widgets: document session, runs, history, forecast, settings, undo."""
