"""The main window: tabs, docks, tool bar, status bar, files."""
