"""Runs every feature."""

from pytest_bdd import scenarios

scenarios(".")
