"""Packages that live outside `codesign/` in the checkout, and inside it once installed."""

from setuptools import find_namespace_packages, setup

RESOURCES = {"codesign.models": "models", "codesign.hls": "hls", "codesign.rtl": "rtl_sim/rtl"}

setup(
    packages=find_namespace_packages(include=["codesign", "codesign.*"], exclude=["*.__pycache__*"]) + list(RESOURCES),
    package_dir=RESOURCES,
    package_data={
        name: ["*", "**/*"]
        for name in (
            *RESOURCES,
            *(
                f"codesign.{n}"
                for n in ("bench", "cost", "data", "emit", "reporting", "scaffold", "synthesis", "targets")
            ),
        )
    },
    exclude_package_data={"": ["__pycache__/*", "**/__pycache__/*"]},
)
