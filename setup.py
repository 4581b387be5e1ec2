"""The two source roots and the data package; everything else is in ``setup.cfg``."""

from setuptools import find_packages, setup

plugins = find_packages("plugins")
setup(
    packages=[*find_packages(include=["fleet_platform*", "plugin_sdk*"]), *plugins, "fleet_migrations"],
    package_dir={"fleet_migrations": "migrations", **{p: f"plugins/{p}" for p in plugins if "." not in p}},
)
