"""Reading what people have recorded: every format ends here, as canonical events in file order."""
