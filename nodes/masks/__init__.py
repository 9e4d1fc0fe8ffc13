"""Masks, and images put together by them."""
