#!/bin/sh
# Whether what `docker compose up` started works as a whole: three sample resumes through one batch, by
# the workers. Costs less than a cent at OpenAI, and takes as long as OpenAI takes: minutes, at times
# hours; Ctrl-C loses nothing, and the same command goes on.
set -eu
cd "$(dirname "$0")"

inside() { docker compose exec -T code "$@"; }

echo "1. All services are up"
docker compose up --detach --wait --no-build code web daemon worker

echo "2. Database, store and model answer"
inside resume-assets doctor

echo "3. Three sample resumes are in the table"
inside python - <<'EOF'
import datetime
from itertools import islice

import sqlalchemy as sa

from resume_assets import samples
from resume_assets.database.connect import open_database
from resume_assets.settings import load_settings

database = open_database(load_settings())
there = database.candidates


def put(connection: sa.Connection) -> None:
    known = set(connection.execute(sa.select(there.userid)).scalars())
    three = islice((one for one in samples.load() if one.text and one.expected), 3)
    for one in three:
        if one.userid not in known:
            connection.execute(there.table.insert().values({
                there.userid.name: one.userid,
                there.text.name: one.text,
                there.modified.name: datetime.datetime(2026, 1, 1),
            }))


database.write(put)
EOF

echo "4. The workers take them through one batch"
inside resume-assets submit --launch --batch-size 3 --dry-run
inside resume-assets continuous --launch --num-batches 1 --batch-size 3

echo "5. What came of it"
inside resume-assets status
echo "All is well: http://127.0.0.1:3000 shows the runs."
