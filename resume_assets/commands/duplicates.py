"""`status --duplicates`: who is likely the same person as another candidate; ids only."""

from resume_assets.batches.upkeep.duplicates import Group, duplicates
from resume_assets.commands.output import answer, say
from resume_assets.database.connect import Database
from resume_assets.words import counted

_GROUPS = 50  # that are named
_IDS = 10  # of a group


def show(database: Database) -> None:
    """Print the groups; `--json` has all of them."""
    found = duplicates(database)
    people = sum(len(group.userids) for group in found)
    answer(
        candidates=people,
        duplicates=[
            {"userids": list(map(str, group.userids)), "shared": sorted(group.shared)}
            for group in found
        ],
    )
    if not found:
        say(
            "No two records share an e-mail address or a phone. Resumes that are not read yet have "
            "no record to be looked at."
        )
        return
    groups = counted(len(found), "group")
    say(f"{counted(people, 'candidate')} in {groups}, each likely one person:")
    for group in found[:_GROUPS]:
        say(f"  {_ids(group)}: the same {' and '.join(sorted(group.shared))}", hang=4)
    if len(found) > _GROUPS:
        say(f"  and {counted(len(found) - _GROUPS, 'group')} more, which --json has.")


def _ids(group: Group) -> str:
    shown = ", ".join(map(str, group.userids[:_IDS]))
    more = len(group.userids) - _IDS
    return f"{shown} and {more:,} more" if more > 0 else shown
