"""``python -m nodeflow``."""

from nodeflow.cli.main import main

if __name__ == "__main__":
    main()
