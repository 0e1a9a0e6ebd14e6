"""The values of gedanken: execution, machine, limits, persona, script, program, finding. Imports no other part."""
