"""Celery's settings at the workers, where this folder is on PYTHONPATH; dagster-celery finds it.

A worker is `celery --app dagster_celery.app worker --concurrency 2`: so many runs at once. SIGTERM
lets it finish them. What is named here: https://docs.celeryq.dev/en/stable/userguide/configuration.html
"""

import os

broker_url = os.environ["CELERY_BROKER_URL"]
result_backend = os.environ["CELERY_RESULT_BACKEND"]

# A worker takes no run that it has no place for: what it held and had not begun would be lost for
# an hour, were it killed. The second setting is for Redis; with RabbitMQ the first one must do.
worker_prefetch_multiplier = 1
worker_disable_prefetch = True

# A run is a task's only once: whose worker is killed is asked for again by the ledger's own rules.
task_acks_late = False

# A process that has carried out so many runs makes place for a fresh one: memory does not grow.
worker_max_tasks_per_child = 100

# What becomes of a task is looked at for as long as a run may take, and a day.
result_expires = 48 * 3600

broker_connection_retry_on_startup = True
worker_hijack_root_logger = False
