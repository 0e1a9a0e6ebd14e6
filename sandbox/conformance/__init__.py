"""The conformance kit: small attacks and ordinary programs, which test whether a real machine keeps its promises."""

from gedanken.sandbox.conformance.canary import VARIABLE
from gedanken.sandbox.conformance.check import Check, CheckResult
from gedanken.sandbox.conformance.kit import CHECKS, OpenMachine, run_checks

__all__ = ["CHECKS", "VARIABLE", "Check", "CheckResult", "OpenMachine", "run_checks"]
