"""Claims in messages: the rules that find them, one module for each kind, and the data type of each."""
