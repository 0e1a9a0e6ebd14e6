"""The conformance kit: what a real machine promises, put to the test."""

from sandbox.conformance.bait import VARIABLE
from sandbox.conformance.check import Check, CheckResult
from sandbox.conformance.kit import CHECKS, OpenMachine, run_kit

__all__ = ["CHECKS", "VARIABLE", "Check", "CheckResult", "OpenMachine", "run_kit"]
