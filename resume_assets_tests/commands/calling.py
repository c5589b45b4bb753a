"""Commands called in this process: quicker, and as good for everything but processes."""

from click.testing import CliRunner, Result

from resume_assets.cli import cli


def call(*arguments: str) -> Result:
    """Run `resume-assets` with these arguments; an unexpected exception is the test's failure."""
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


def ok(*arguments: str) -> str:
    """Run it; it must end well. Returns what it said."""
    result = call(*arguments)
    assert result.exit_code == 0, f"{result.exit_code}: {result.output}"
    return result.stdout
