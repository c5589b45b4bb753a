"""A sensor's tick, evaluated as the code server does; nothing that it asks for is carried out."""

from typing import Any

import dagster as dg


def tick(definitions: dg.Definitions, instance: dg.DagsterInstance, name: str) -> Any:
    """What one tick of the sensor of that name asks for."""
    repository = definitions.get_repository_def()
    with dg.SensorEvaluationContext(
        instance.get_ref(),
        last_tick_completion_time=None,
        last_run_key=None,
        cursor=None,
        repository_name=repository.name,
        repository_def=repository,
        sensor_name=name,
        resources=repository.get_top_level_resources(),
    ) as context:
        return repository.get_sensor_def(name).evaluate_tick(context)
