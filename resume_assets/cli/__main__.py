"""`python -m resume_assets.cli`."""

from resume_assets.cli import main

main()
