"""Texts that nodes of several rooms read alike, as hints: a wrong one is told where it is typed, and by a check."""

from __future__ import annotations

from nodeflow.node import Matches, Rule

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
ABOVE_0 = r"\+?(?=[\d.]*[1-9])(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
WHOLE = r"0*[1-9]\d{0,3}"
APART = r"[\s,]+"

COLOUR = Matches(r"\s*#[0-9a-fA-F]{6}\s*", "a colour as #rrggbb, such as #ff0000 for red")
SIZES = Matches(
    r"(?:[\s,]*0*[1-9]\d{0,4}\s*[x*:]\s*0*[1-9]\d{0,4}\s*(?:,|$))+[\s,]*",
    "sizes with commas between, such as 1024x1024, 1248x832",
)
NUMBERS_ABOVE_0 = Matches(
    rf"[\s,]*(?:{ABOVE_0}(?:{APART}|$))*", "numbers above 0 with commas between, such as 1.0, 1.02, 0.98"
)
FIVE_NUMBERS = Matches(
    rf"[\s,]*(?:{NUMBER}(?:{APART}|$)){{5}}|[\s,]*",
    "five numbers with commas between, such as 500, -280, 56, -3.8, 0.26",
)
STEP_COUNTS = Matches(rf"[\s,]*(?:{WHOLE}(?:{APART}|$))+", "numbers of steps from 1 up, such as 5 10 20 40")
INDICES = Matches(rf"[\s,]*(?:\d{{1,20}}(?:{APART}|$))*", "whole numbers from 0, such as 0, 2, 5")
A_SEED = Matches(r"\s*(?:\d{1,20})?\s*", "a seed: a whole number from 0 to 2^64 - 1")
BLOCK_FACTORS = Matches(
    rf"(?:[\s,;]*+[^\s,;:][^,;:\n]*+:[^\S\n]*+{NUMBER}[^\S\n]*+(?=[,;\n]|$))*[\s,;]*+",
    "names of blocks with numbers, such as IN04: 0.5, MID: 0",
)
WITH_GAP = Matches(r"(?s).*\{\}.*", "a text with {} for the name of the class, such as a {}")
FILE_PATTERN = Matches(
    r"(?!\s*$)(?![/\\])(?!(?:.*[/\\])?\.\.(?:[/\\]|$)).*", "a pattern for files of this folder, such as *.png"
)
TWO_LINES = Matches(r"(?s)\s*+\S[^\n]*\n\s*+\S.*", "at least two, one a line")

INTERVAL = Rule("end >= start", "the interval ends at {end}, before it starts at {start}; make end the larger one")
ONE_SIDE = Rule("max(width, height) > 0", "width and height are both 0; set at least one of them", at="width")
