"""``python -m nodeflow``, and the command of that name."""

import signal


def start() -> None:
    """Run the command. Ctrl+C while Python still reads it ends it without a traceback."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from nodeflow.cli.main import main

    signal.signal(signal.SIGINT, before)
    main()


if __name__ == "__main__":
    start()
