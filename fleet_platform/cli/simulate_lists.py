"""Lists of what can be simulated: models and faults."""

from __future__ import annotations

from fleet_platform.cli.output import print_json, print_table
from fleet_platform.simulator.faults.table import FAULTS, meaning_of, parameters_of
from fleet_platform.simulator.models import MODELS


def show_models(*, as_json: bool) -> None:
    """All models, in order of the catalogue."""
    models = [
        {
            "app": model.app,
            "model": code,
            "name": model.name,
            "gen": model.gen,
            "profiles": [profile for profile in model.profiles if profile],
            "sleeps_s": model.sleeps_s,
        }
        for code, model in MODELS.items()
    ]
    if as_json:
        print_json(models)
        return
    print_table(
        ("app", "model", "name", "gen", "profiles", "sleeps"),
        [
            (
                model.app,
                code,
                model.name,
                str(model.gen),
                ", ".join(profile for profile in model.profiles if profile),
                "" if model.sleeps_s is None else f"{model.sleeps_s} s",
            )
            for code, model in MODELS.items()
        ],
    )


def show_faults(*, as_json: bool) -> None:
    """All faults with their parameters."""
    if as_json:
        print_json(
            [
                {
                    "fault": name,
                    "does": meaning_of(kind),
                    "parameters": [
                        {"name": each.name, "default": each.value, "means": each.meaning}
                        for each in parameters_of(kind)
                    ],
                }
                for name, kind in FAULTS.items()
            ]
        )
        return
    rows: list[tuple[str, str, str, str]] = []
    for name, kind in FAULTS.items():
        rows.append((name, "", "", meaning_of(kind)))
        rows += [("", each.name, each.default, each.meaning) for each in parameters_of(kind)]
    print_table(("fault", "parameter", "default", "meaning"), rows)
