"""Dialogs: settings, sweeps."""
