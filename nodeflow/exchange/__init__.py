"""Files of other programs, opened in a process of their own: whatever they hold, the window goes on."""
