"""The data types that all parts of gedanken share, such as execution, persona and finding. Imports no other part."""
