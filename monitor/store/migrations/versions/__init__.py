"""One step each; what a step says is never changed once it was released."""
