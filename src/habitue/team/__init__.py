"""Who works in the workspace, and what each of them may do."""
