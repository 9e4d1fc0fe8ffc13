"""The settings that programs write into the images they make, a file a program. No workflow is built here."""
