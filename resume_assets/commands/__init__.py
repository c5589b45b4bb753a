"""What each command of `resume-assets` does; `cli` says how it is called."""
