"""Algebras of adapters: what their files change of a layer's weight, an algebra a file. No nodes here.

An update is a plain dataclass that is not frozen, so that the cache knows it by the node that read it instead of
hashing all its numbers; nobody changes one.
"""
