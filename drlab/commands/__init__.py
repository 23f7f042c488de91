"""One thin module per command: arguments in, one call, output. The logic stands in the modules beside this folder."""
