"""What is accepted is a change that there is, with a reason."""

from resume_assets_tests.mutants.__main__ import SCOPE, sources
from resume_assets_tests.mutants.accepted import accepted
from resume_assets_tests.mutants.changes import changes


def test_each_is_a_change_of_the_code_as_it_is() -> None:
    known = accepted()
    paths = {path for path, _, _ in known}
    modules = sources(SCOPE)
    assert paths <= modules.keys()
    found = {one.key for path in paths for one in changes(path, modules[path])}
    assert [key for key in known if key not in found] == []
