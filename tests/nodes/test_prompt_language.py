"""Tests of reading prompts: weights, breaks, embeddings, and tokens in chunks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nodeflow.prompts.chunks import (
    Frame,
    Row,
    Token,
    TokenGroup,
    a1111_rows,
    comfyui_rows,
    compel_rows,
    plain_rows,
)
from nodeflow.prompts.compel_syntax import compel_pieces
from nodeflow.prompts.weights import PromptError, WeightedPiece, a1111_pieces, comfyui_pieces, plain_pieces
from nodes.conditioning.prompt_language.embeddings import Named, with_names

START, END, FILL, COMMA = 100, 101, 102, 7


def weighted(pieces: list[WeightedPiece]) -> list[tuple[str, float]]:
    return [(piece.text, round(piece.weight, 6)) for piece in pieces]


COMFYUI: dict[str, list[tuple[str, float]]] = {
    "": [("", 1)],
    "a cat": [("a cat", 1)],
    "a (red) star": [("a ", 1), ("red", 1.1), (" star", 1)],
    "((a))": [("a", 1.21)],
    "(a:1.3)": [("a", 1.3)],
    "(a:.5)": [("a", 0.5)],
    "(a:-1)": [("a", -1)],
    "((a:1.5) b)": [("a", 1.5), (" b", 1.1)],
    "(a (b) c:1.2)": [("a ", 1.2), ("b", 1.32), (" c", 1.2)],
    "(a:b)": [("a:b", 1.1)],
    "(a:1.2:0.5)": [("a:1.2", 0.5)],
    "[a]": [("[a]", 1)],
    "a BREAK b": [("a BREAK b", 1)],
    r"a \(b\) (c\))": [("a (b) ", 1), ("c)", 1.1)],
    r"a \\(b\\)": [("a \\(b\\)", 1)],
    "((a": [("((a", 1)],
    "(a (b)": [("a ", 1.1), ("(b", 1.1)],
    "a) (b)": [("a) (b)", 1)],
    "()": [("", 1)],
    "(:1.2)": [(":1.2", 1.1)],
}


@pytest.mark.parametrize("text", COMFYUI)
def test_brackets_as_comfyui_reads_them(text: str) -> None:
    found = weighted(comfyui_pieces(text))
    assert [part for part in found if part[0]] == [part for part in COMFYUI[text] if part[0]]


A1111: dict[str, list[tuple[str, float]]] = {
    "": [("", 1)],
    "a (red) star": [("a ", 1), ("red", 1.1), (" star", 1)],
    "[a]": [("a", round(1 / 1.1, 6))],
    "a [b (c)]": [("a ", 1), ("b ", round(1 / 1.1, 6)), ("c", 1)],
    "(a:1.3)": [("a", 1.3)],
    "((a:1.5) b)": [("a", 1.65), (" b", 1.1)],
    "(a:b:1.1)": [("a:b", 1.1)],
    "a:b": [("a:b", 1)],
    r"\(a\) \[b\] \\": [("(a) [b] \\", 1)],
    "((a": [("a", 1.21)],
    "[a": [("a", round(1 / 1.1, 6))],
    "a) b]": [("a) b]", 1)],
    "a:1.2)": [("a:1.2)", 1)],
}


@pytest.mark.parametrize("text", A1111)
def test_brackets_as_a1111_reads_them(text: str) -> None:
    assert weighted(a1111_pieces(text)) == A1111[text]


COMPEL: dict[str, list[tuple[str, float]]] = {
    "": [("", 1)],
    "a red+ star": [("a", 1), ("red", 1.1), ("star", 1)],
    "red--, star": [("red", 0.81), (", star", 1)],
    "a (red star)1.5 in": [("a", 1), ("red star", 1.5), ("in", 1)],
    '"red star"- (a)2': [("red star", 0.9), ("a", 2)],
    "((red)+ star)0.5": [("red", 0.55), ("star", 0.5)],
    "well-known a+b 1.5": [("well-known a+b 1.5", 1)],
    "(a b) c": [("a b c", 1)],
    r"\(a\) b\)+": [("(a)", 1), ("b)", 1.1)],
    "(a b+": [("(a", 1), ("b", 1.1)],
    "red +": [("red +", 1)],
    "a,(b)+": [("a,", 1), ("b", 1.1)],
}
"""What compel 2.5.1 gives, with the blanks between its pieces."""


@pytest.mark.parametrize("text", COMPEL)
def test_signs_as_compel_reads_them(text: str) -> None:
    assert weighted(compel_pieces(text)) == COMPEL[text]


def test_compel_s_methods_are_refused_by_name() -> None:
    with pytest.raises(PromptError, match=r"\.swap stands in this text"):
        compel_pieces('a "cat".swap(dog)')
    with pytest.raises(PromptError, match="brackets stand inside of each other more than 50 deep"):
        compel_pieces("(" * 60 + "a" + ")" * 60)


def test_a_break_opens_a_chunk_in_brackets_too() -> None:
    assert [(piece.text, piece.opens) for piece in a1111_pieces("a BREAK b BREAKER")] == [
        ("a", False),
        ("b BREAKER", True),
    ]
    assert [(piece.text, piece.weight, piece.opens) for piece in a1111_pieces("(a\nBREAK b:1.5) c")] == [
        ("a", 1.5, False),
        ("b", 1.5, True),
        (" c", 1.0, False),
    ]


def test_a_weight_beyond_measure_is_said() -> None:
    for read in (comfyui_pieces, a1111_pieces):
        with pytest.raises(PromptError, match="the weight 1000000000 is beyond all measure"):
            read("(red:1000000000)")


@pytest.mark.parametrize("text", ["a (b:1.2.3) c", "(a:.)", "((a:1..5):2)"])
def test_a_weight_that_is_no_number_is_said(text: str) -> None:
    with pytest.raises(PromptError, match="is no number; write one such as"):
        a1111_pieces(text)


def test_off_takes_the_text_as_it_is() -> None:
    assert weighted(plain_pieces("(a:1.3) [b]")) == [("(a:1.3) [b]", 1)]


@pytest.mark.parametrize("read", [comfyui_pieces, a1111_pieces])
def test_many_brackets_are_read_without_recursion(read: Callable[[str], list[WeightedPiece]]) -> None:
    deep = "(" * 1500 + "a" + ")" * 1500
    assert [piece.text for piece in read(deep) if piece.text] == ["a"]


def test_embeddings_are_named_at_the_start_and_after_blanks() -> None:
    assert with_names("embedding:one, a embedding:sub/two\nembedding:three") == [
        Named("one"),
        ", a ",
        Named("sub/two"),
        "\n",
        Named("three"),
    ]
    assert with_names("preembedding:one") == ["preembedding:one"]
    assert with_names("embedding: one") == ["embedding: one"]
    assert with_names("embedding:,") == ["embedding:,"]
    assert with_names("") == []


FRAME = Frame(8, START, END, FILL, COMMA)


def numbers(rows: list[Row]) -> list[list[int]]:
    return [[token.number for token in row] for row in rows]


def group(*tokens: int, opens: bool = False) -> TokenGroup:
    return TokenGroup(tuple(Token(number) for number in tokens), opens)


def test_a_short_text_is_filled_up() -> None:
    wanted = [[START, 1, 2, END, FILL, FILL, FILL, FILL]]
    for rows in (comfyui_rows, a1111_rows, plain_rows):
        assert numbers(rows([group(1, 2)], FRAME)) == wanted
        assert numbers(rows([], FRAME)) == [[START, END, *[FILL] * 6]]


def test_exactly_full_is_one_row() -> None:
    for rows in (comfyui_rows, a1111_rows, plain_rows):
        assert numbers(rows([group(1, 2, 3, 4, 5, 6)], FRAME)) == [[START, 1, 2, 3, 4, 5, 6, END]]


def test_comfyui_keeps_short_groups_whole_and_cuts_long_ones() -> None:
    assert numbers(comfyui_rows([group(1, 2, 3, 4), group(5, 6, 8)], FRAME)) == [
        [START, 1, 2, 3, 4, END, FILL, FILL],
        [START, 5, 6, 8, END, FILL, FILL, FILL],
    ]
    assert numbers(comfyui_rows([group(1, 2, 3, 4), group(*range(10, 18))], FRAME)) == [
        [START, 1, 2, 3, 4, 10, 11, END],
        [START, 12, 13, 14, 15, 16, 17, END],
    ]


def test_a1111_cuts_at_the_last_comma_that_is_near() -> None:
    assert numbers(a1111_rows([group(1, 2, COMMA, 3, 4, 5, 6)], FRAME)) == [
        [START, 1, 2, COMMA, END, FILL, FILL, FILL],
        [START, 3, 4, 5, 6, END, FILL, FILL],
    ]
    assert numbers(a1111_rows([group(1, 2, COMMA, 3, 4, 5, 6)], FRAME, 2)) == numbers(
        plain_rows([group(1, 2, COMMA, 3, 4, 5, 6)], FRAME)
    )


def test_a_comma_that_is_one_too_many_opens_the_next_row() -> None:
    assert numbers(a1111_rows([group(1, 2, 3, 4, 5, 6, COMMA)], FRAME))[1][:3] == [START, COMMA, END]


def test_a_break_fills_the_row_up_and_none_stays_empty_behind_the_last() -> None:
    found = numbers(a1111_rows([group(1), group(2, opens=True), group(opens=True)], FRAME))
    assert found == [[START, 1, END, *[FILL] * 5], [START, 2, END, *[FILL] * 5]]


def test_an_embedding_stays_whole() -> None:
    own = TokenGroup(tuple(Token(0, 1.2, place) for place in range(3)))
    for rows in (comfyui_rows, a1111_rows, plain_rows):
        first, second = rows([group(1, 2, 3, 4), own], FRAME)
        assert [token.vector for token in second[1:4]] == [0, 1, 2]
        assert [token.number for token in first] == [START, 1, 2, 3, 4, END, FILL, FILL]


def test_weights_stay_with_their_tokens() -> None:
    (row,) = comfyui_rows([TokenGroup((Token(1, 1.3),)), group(2)], FRAME)
    assert [token.weight for token in row] == [1.0, 1.3, *[1.0] * 6]


def test_compel_cuts_behind_a_sentence_or_a_part_of_one_or_a_word() -> None:
    stop, pause, inside = 8, 9, 200
    frame = Frame(8, START, END, FILL, COMMA, frozenset({stop}), frozenset({stop, pause}), lambda one: one < inside)

    def rows(*numbers: int) -> list[list[int]]:
        found = compel_rows([TokenGroup(tuple(Token(one) for one in numbers))], frame)
        return [[token.number for token in row[1 : row.index(Token(END))]] for row in found]

    assert rows() == [[]]
    assert rows(1, 2, 3, 4, 5, 6) == [[1, 2, 3, 4, 5, 6]]
    assert rows(1, stop, 2, pause, 3, 4, 5) == [[1, stop], [2, pause, 3, 4, 5]]
    assert rows(1, pause, 2, 3, 4, 5, 6) == [[1, pause], [2, 3, 4, 5, 6]]
    assert rows(1, 2, 3, 4, inside, inside, 5) == [[1, 2, 3, 4], [inside, inside, 5]]
    assert rows(*[inside] * 7) == [[inside] * 6, [inside]]
