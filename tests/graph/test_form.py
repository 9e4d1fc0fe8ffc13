"""The form over a workflow: its text, its fields found and set by name, and true to nodes that move."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from subgraph_workflows import CATALOGUE, WRITTEN
from toys import wire

from nodeflow.graph.edits.edits import Edit, RemoveNode, SetForm, remove
from nodeflow.graph.edits.grouping_edits import group, ungroup
from nodeflow.graph.edits.subgraph_ports import expose, hide, rename
from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.form import Form, FormField, FormOutput
from nodeflow.graph.model.workflow import INPUTS, Link, Workflow, WorkflowError
from nodeflow.graph.subgraphs.flatten import inside_of
from nodeflow.graph.subgraphs.instances import with_subgraphs
from nodeflow.graph.validate.form_fields import assignments, output_fault, place_of

HERE = Path(__file__).parent


def postcard() -> Workflow:
    made = wire({"a": ("source", {"value": 5}), "b": ("add", {"amount": 2.5}, {"box": "a"}), "c": ("total",)})
    fields = (
        FormField("a", "value", "size", "How large?"),
        FormField("b", "amount", "more", group="Quality", minimum=1, maximum=3, extra={"later": b'{"x":  1}'}),
    )
    made.form = Form("Postcard", fields, (FormOutput("b", "box", "Front"),), {"look": b'"wide"'})
    return made


def value(field: FormField, workflow: Workflow) -> object:
    return place_of(field, workflow, with_subgraphs(CATALOGUE, workflow)).value


def test_a_form_is_written_and_read_to_the_byte() -> None:
    text = dumps(postcard())
    read = loads(text)
    assert read.form == postcard().form
    assert dumps(read) == text
    assert b'{"field": "b.amount", "name": "more", "group": "Quality", "range": [1, 3], "later": {"x":  1}}' in text
    bare = loads(b'{"nodeflow": 1, "nodes": {}, "form": {}}')
    assert bare.form == Form() and loads(dumps(bare)).form == Form()
    assert postcard().copy().form == postcard().form


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ('"x"', "form: has the wrong form"),
        ('{"fields": {}}', "fields: has the wrong form"),
        ('{"fields": [{"name": "a"}]}', 'names nothing to show; write "node.parameter"'),
        ('{"fields": [{"field": "a.b", "name": "1"}]}', "starts with a letter"),
        ('{"fields": [{"field": "a.b"}, {"field": "c.b"}]}', "form.b: this name stands twice"),
        ('{"fields": [{"field": "a.b", "range": [3, 1]}]}', "begins at 3 and ends at 1"),
        ('{"fields": [{"field": "a.b", "range": [3]}]}', "range: has the wrong form"),
        ('{"outputs": [{"output": "a"}]}', 'write "node.output"'),
        ('{"title": "' + "x" * 1001 + '"}', "1,001 characters"),
        ('{"fields": [' + ", ".join(f'{{"field": "a.b{n}"}}' for n in range(1001)) + "]}", "1,001 entries"),
    ],
)
def test_a_form_that_is_wrong_is_refused_in_words(form: str, said: str) -> None:
    with pytest.raises(WorkflowError) as raised:
        loads(('{"nodeflow": 1, "nodes": {}, "form": ' + form + "}").encode())
    assert said in str(raised.value)


def test_fields_are_set_by_name_within_their_range() -> None:
    workflow = postcard()
    before = dumps(workflow)
    undo = assignments(["size=8", "more=3"], workflow, CATALOGUE, HERE).apply(workflow)
    assert workflow.nodes["a"].params == {"value": 8} and workflow.nodes["b"].params == {"amount": 3}
    undo.apply(workflow)
    assert dumps(workflow) == before
    with pytest.raises(WorkflowError) as raised:
        assignments(["more=4", "much=1", "size"], workflow, CATALOGUE, HERE)
    told = str(raised.value)
    assert "from 1 to 3" in told and "its fields are size, more" in told and "write NAME=VALUE" in told
    assert dumps(workflow) == before
    workflow.form = None
    with pytest.raises(WorkflowError, match="this workflow has no form"):
        assignments(["size=1"], workflow, CATALOGUE, HERE)


def test_what_is_gone_is_said_and_undo_brings_it_back() -> None:
    workflow = postcard()
    assert workflow.form is not None
    field, output = workflow.form.fields[1], workflow.form.outputs[0]
    assert output_fault(output, workflow, CATALOGUE) == ""
    undo = remove(workflow, ["b"]).apply(workflow)
    with pytest.raises(WorkflowError, match="shows a value of 'b', which is not in this workflow"):
        place_of(field, workflow, CATALOGUE)
    assert "is not in this workflow" in output_fault(output, workflow, CATALOGUE)
    undo.apply(workflow)
    assert place_of(field, workflow, CATALOGUE).value == 2.5
    other = FormField("b", "amuont", "x")
    with pytest.raises(WorkflowError, match="did you mean 'amount'"):
        place_of(other, workflow, CATALOGUE)
    assert "did you mean 'box'" in output_fault(FormOutput("b", "bux"), workflow, CATALOGUE)
    RemoveNode("c").apply(workflow)
    before = dumps(workflow)
    SetForm(None).apply(workflow).apply(workflow)
    assert dumps(workflow) == before


def test_fields_follow_ports_that_are_renamed_hidden_and_exposed() -> None:
    workflow = loads(WRITTEN)
    workflow.form = Form(fields=(FormField("first", "amount", "amount"), FormField("second/two", "amount", "inner")))
    states, undo = [], []

    def do(edit: Edit) -> list[tuple[str, str]]:
        states.append(dumps(workflow))
        undo.append(edit.apply(workflow))
        assert workflow.form is not None
        return [(field.node, field.param) for field in workflow.form.fields]

    assert do(rename(workflow, "more", "inputs", "amount", "extra"))[0] == ("first", "extra")
    assert do(hide(workflow, "more", "inputs", "extra"))[0] == ("first/one", "amount")
    assert do(expose(workflow, "more", Link(INPUTS, "+", "two", "amount")))[1] == ("second", "amount")
    assert do(ungroup(workflow, "", "second")[0])[1] == ("two", "amount")
    assert [value(f, workflow) for f in workflow.form.fields] == [2.5, 1]
    for inverse in reversed(undo):
        inverse.apply(workflow)
        assert dumps(workflow) == states.pop()


@pytest.mark.parametrize("seed", range(6))
def test_fields_follow_their_nodes_into_groups_and_out_again(seed: int) -> None:
    dice = random.Random(seed)
    nodes: dict = {f"n{n}": ("add", {"label": f"n{n}"}, {"box": f"n{n - 1}"} if n else {}) for n in range(9)}
    workflow = wire(nodes)
    workflow.form = Form(
        fields=tuple(FormField(f"n{n}", "label", f"n{n}") for n in range(9)),
        outputs=tuple(FormOutput(f"n{n}", "box") for n in range(9)),
    )
    for _ in range(14):
        where = dice.choice(["", *workflow.subgraphs])
        names = [name for name in inside_of(workflow, where).nodes if not name.startswith("@")]
        held = [name for name in names if inside_of(workflow, where).nodes[name].type.startswith("subgraph.")]
        if held and dice.random() < 0.4:
            ungroup(workflow, where, dice.choice(held))[0].apply(workflow)
        elif names:
            group(workflow, where, dice.sample(names, dice.randint(1, len(names))))[0].apply(workflow)
        form = workflow.form
        assert [value(field, workflow) for field in form.fields] == [f.name for f in form.fields]
        assert [output_fault(output, workflow, CATALOGUE) for output in form.outputs] == [""] * 9
        assert [(o.node, o.output) for o in form.outputs] == [(f.node, "box") for f in form.fields]
