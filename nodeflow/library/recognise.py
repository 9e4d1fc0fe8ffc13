"""Recognition of a file or folder from headers alone: its kind, family and precision, and which node takes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from nodeflow.library.adapter_base import family_of
from nodeflow.library.header_reader import read_header
from nodeflow.library.headers import Header, HeaderError, has_shape
from nodeflow.library.lost_blocks import lost_blocks, told_as
from nodeflow.library.partial import as_quantised, of_part
from nodeflow.library.precision import precision_of
from nodeflow.library.recognise_folder import recognise_folder
from nodeflow.library.recognised import SENTENCES, Recognised
from nodeflow.library.rules import TEXTS, VAE, FileRule, RuleBook, rule_book
from nodeflow.library.sniff import PICKLES, sniff
from nodeflow.special_files import is_special

PREFIXES = (
    *("", "model.diffusion_model.", "diffusion_model.", "net.", "transformer.", "unet.", "model.", "module."),
    *("first_stage_model.", "vae."),
)
"""What may stand before all names of a network."""
ADAPTERS = ("lora", "control lora", "lllite", "controlnet", "t2i adapter", "ip adapter", "redux", "model patch")
SHORTER = ("lora", "control lora", "lllite", "controlnet", "model patch")
"""Kinds that have as many blocks of a network's names as they like."""
ORDER = (
    (*ADAPTERS, "motion module", "hypernetwork", "embedding"),
    ("transformer", "unet", "prior", "decoder", "upsampler"),
    ("text encoder", "clip", "clip vision", "language model"),
    ("vae", "small vae"),
    ("upscaler", "other"),
)
"""Kinds, those first that hold names of those behind them."""
_TIERS = {kind: number for number, kinds in enumerate(ORDER) for kind in kinds}


def recognise(path: Path, rules: RuleBook | None = None) -> Recognised:
    """Return what lies there. Raises OSError where it cannot be read."""
    rules = rules or rule_book()
    if path.is_dir():
        return recognise_folder(path, rules, recognise_together)
    if is_special(path):
        return Recognised("other", what="a device or a pipe, which is no model")
    found = sniff(path)
    if found is not None:
        return Recognised(
            found.kind, what=found.what, reason=found.hint, bytes=path.stat().st_size, layout=_layout(path)
        )
    try:
        header = read_header(path)
    except HeaderError as error:
        told = f"no weights that can be read: it is damaged or was cut short ({error})"
        return Recognised("damaged", what=told, reason="download it again", bytes=path.stat().st_size)
    return of_header(path, header, rules)


def recognise_together(paths: Sequence[Path], rules: RuleBook) -> Recognised:
    """Return what one file is, or several that hold one network together. Raises OSError."""
    if len(paths) == 1:
        return recognise(paths[0], rules)
    try:
        headers = [read_header(path) for path in paths]
    except HeaderError:
        return Recognised("unknown")
    tensors = {name: tensor for header in headers for name, tensor in header.tensors.items()}
    return recognise_weights(Header(headers[0].layout, tensors, headers[0].metadata, 0), rules)


def _layout(path: Path) -> str:
    return "pickle" if path.suffix.lower() in PICKLES else ""


def of_header(path: Path, header: Header, rules: RuleBook) -> Recognised:
    """Return what a weights file is."""
    precision = precision_of(path, header)
    found = of_part(path, as_quantised(_as_cut(recognise_weights(header, rules), header, rules), precision, rules))
    return msgspec.structs.replace(
        found, precision=precision.text, formats=precision.formats, bytes=header.size, layout=header.layout
    )


def _as_cut(found: Recognised, header: Header, rules: RuleBook) -> Recognised:
    """Return what a file is where its network lacks blocks."""
    if found.kind in SHORTER or not (parts := dict(lost_blocks(header, rules))):
        return found
    lost = " and ".join(parts.values())
    return msgspec.structs.replace(found, lost=lost, lost_of=parts, reason=told_as(lost))


def recognise_weights(header: Header, rules: RuleBook) -> Recognised:
    """Return what tensors of those names and shapes are."""
    if not header.tensors:
        told = "no tensors: its header is whole, and nothing is in it"
        return Recognised("empty", what=told, reason="choose another file")
    rule = best_rule(header, rules)
    if rule is None:
        return Recognised(
            "unknown", what=f"weights of a kind that is not known here (such as {_short(header.sorted_names[0])})"
        )
    if rule.kind == "lora":
        return _adapter(rule, header, rules)
    inside = [part for part, beginnings in rules.parts.items() if any(header.begins(one) for one in beginnings)]
    if rule.needs and inside:
        return _whole(rule, inside, rules)
    return _told(rule, rule.family)


def _told(rule: FileRule, family: str) -> Recognised:
    what = rule.what or SENTENCES.get(rule.kind, "{family}").format(family=family)
    return Recognised(
        rule.kind, family, what, nodes=rule.nodes, param=rule.param or "model", missing=rule.needs, reason=rule.reason
    )


def _whole(rule: FileRule, inside: list[str], rules: RuleBook) -> Recognised:
    """A network with other parts of its model in one file."""
    missing = tuple(part for part in rule.needs if part not in inside)
    what = SENTENCES["checkpoint"].format(family=rule.family)
    if missing:
        what = f"{rule.family} in one file without its {' and '.join(missing)}"
    nodes = (*rule.nodes, *_of_parts(rule, inside, missing, rules)) if missing else rule.whole
    reason = "" if nodes else rule.reason or "no node takes it as one file yet"
    return Recognised("checkpoint", rule.family, what, nodes=nodes, missing=missing, reason=reason)


def _of_parts(rule: FileRule, inside: list[str], missing: tuple[str, ...], rules: RuleBook) -> tuple[str, ...]:
    """The nodes that read one part of a whole model, as far as it has that."""
    texts = [part for part in rule.needs if part != VAE]
    had = {VAE: VAE in inside, TEXTS: bool(texts) and not set(texts) & set(missing)}
    return tuple(
        node
        for node in rule.whole
        if node not in rule.nodes and node in rules.takers and had.get(rules.takers[node].reads)
    )


def _adapter(rule: FileRule, header: Header, rules: RuleBook) -> Recognised:
    base = family_of(header, rules)
    if base is None:
        return Recognised("lora", "", rule.what or "a LoRA for a model that its layers do not tell", nodes=rule.nodes)
    family, told = base
    what = SENTENCES["lora"].format(family=family)
    nodes = () if told.reason else told.nodes or rule.nodes
    return Recognised("lora", family, what, nodes=nodes, param="lora", reason=told.reason)


def _ends(header: Header) -> tuple[str, str]:
    """The first and last of all names: what both begin with, all do."""
    return header.sorted_names[0], header.sorted_names[-1]


def best_rule(header: Header, rules: RuleBook) -> FileRule | None:
    """The rule that says most of a file; None where none fits."""
    prefixes = [prefix for prefix in PREFIXES if header.begins(prefix)]
    prefixes += [one for one in rules.wrappers if all(name.startswith(one) for name in _ends(header))]
    numbers = {
        number
        for name, asked in rules.anchored.items()
        if not name or any(prefix + name in header.tensors for prefix in prefixes)
        for number in asked
    }
    fitting = [rules.files[number] for number in sorted(numbers) if _fits(rules.files[number], header, prefixes)]
    return min(
        fitting,
        key=lambda rule: (_TIERS.get(rule.kind, len(ORDER)), -rule.prefer, -rule.marks, rule.family),
        default=None,
    )


def _fits(rule: FileRule, header: Header, prefixes: list[str]) -> bool:
    """Return whether a file has all that a rule asks for, after one of the prefixes that its names carry."""
    if any(header.metadata.get(name) != value for name, value in rule.metadata.items()):
        return False
    return any(_fits_after(prefix, rule, header) for prefix in prefixes)


def _fits_after(prefix: str, rule: FileRule, header: Header) -> bool:
    return (
        all(header.matches(one, prefix) for one in rule.has)
        and (not rule.any or any(header.matches(one, prefix) for one in rule.any))
        and all(has_shape(header.tensors.get(prefix + name), shape) for name, shape in rule.shapes.items())
        and not any(header.matches(one, prefix) for one in rule.lacks)
    )


def _short(name: str) -> str:
    name = name if name.isprintable() else ascii(name)[1:-1]
    return name if len(name) <= 60 else name[:57] + "..."
