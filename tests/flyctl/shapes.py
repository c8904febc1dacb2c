"""Shapes of JSON: keys and types, as the facts about flyctl give them or as they are read off a value.

A shape is the name of a type, a list with the shape of each element, or an object. In an object `key?` may be missing (and is
left out when empty, as Go does), `*` stands for any key, and `...` allows keys that are not named.
"""

from __future__ import annotations

from typing import Any

Shape = str | list[Any] | dict[str, Any]

_TYPES: dict[str, type | tuple[type, ...]] = {"str": str, "bool": bool, "int": int, "float": (int, float)}


def shape_of(value: Any) -> Shape:
    """The shape of a value, which others with the same keys and types fit, and more keys are allowed."""
    if isinstance(value, dict):
        return {**{key: shape_of(one) for key, one in value.items()}, "...": "any"}
    if isinstance(value, list):
        return [shape_of(value[0])] if value else ["any"]
    if value is None:
        return "any"
    return type(value).__name__


def misfits(shape: Shape, value: Any, place: str = "$") -> list[str]:
    """Where a value has another shape; nothing if it fits."""
    if isinstance(shape, str):
        return _misfit_of_type(shape, value, place)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{place} is no array but {value!r}"]
        return [one for position, item in enumerate(value) for one in misfits(shape[0], item, f"{place}[{position}]")]
    if not isinstance(value, dict):
        return [f"{place} is no object but {value!r}"]
    return _misfits_of_object(shape, value, place)


def _misfit_of_type(shape: str, value: Any, place: str) -> list[str]:
    if shape == "any" or (shape.endswith("|null") and value is None):
        return []
    name = shape.removesuffix("|null")
    if isinstance(value, bool) and name != "bool":
        return [f"{place} is bool, not {name}"]
    return [] if isinstance(value, _TYPES[name]) else [f"{place} is {type(value).__name__}, not {name}"]


def _misfits_of_object(shape: dict[str, Any], value: dict[str, Any], place: str) -> list[str]:
    found = []
    for key, inner in shape.items():
        name = key.removesuffix("?")
        if key in {"...", "*"}:
            continue
        if name in value:
            if key.endswith("?") and value[name] in ("", [], {}):
                found.append(f"{place}.{name} is empty, which leaves it out")
            found += misfits(inner, value[name], f"{place}.{name}")
        elif not key.endswith("?"):
            found.append(f"{place}.{name} is missing")
    for name in value.keys() - {key.removesuffix("?") for key in shape}:
        if "*" in shape:
            found += misfits(shape["*"], value[name], f"{place}.{name}")
        elif "..." not in shape:
            found.append(f"{place}.{name} is not known")
    return found


CHECK: Shape = {"name": "str", "status": "str", "output": "str", "updated_at": "str"}
MACHINE: Shape = {
    "id": "str",
    "name": "str",
    "state": "str",
    "region": "str",
    "image_ref": {"registry": "str", "repository": "str", "tag": "str", "digest": "str", "labels": "any"},
    "instance_id": "str",
    "version?": "str",
    "private_ip": "str",
    "created_at": "str",
    "updated_at": "str",
    "config": {
        "env?": {"*": "str"},
        "init": {"...": "any"},
        "guest": {"cpu_kind": "str", "cpus": "int", "memory_mb": "int", "...": "any"},
        "metadata": {
            "fly_platform_version": "str",
            "fly_process_group": "str",
            "fly_release_version": "str",
            "fly_flyctl_version": "str",
            "*": "str",
        },
        "services?": [{"...": "any"}],
        "checks?": {"*": {"type": "str", "port": "int", "...": "any"}},
        "image": "str",
        "restart": {"...": "any"},
        "...": "any",
    },
    "events": [{"type": "str", "status": "str", "source": "str", "timestamp": "int", "...": "any"}],
    "checks?": [CHECK],
    "nonce?": "str",
    "host_status": "str",
    "cordoned": "bool",
    "incomplete_config?": "any",
}
ORGANIZATION: Shape = {
    "ID": "str",
    "InternalNumericID": "str",
    "Name": "str",
    "Slug": "str",
    "RawSlug": "str",
    "PaidPlan": "bool",
}
STATUS: Shape = {
    "AppURL": "str",
    "Deployed": "bool",
    "Hostname": "str",
    "ID": "str",
    "Machines": [MACHINE],
    "Name": "str",
    "Network?": "str",
    "Organization": ORGANIZATION,
    "PlatformVersion": "str",
    "Status": "str",
    "Version": "int",
}
RELEASES: Shape = [
    {
        "ID": "str",
        "Version": "int",
        "Stable": "bool",
        "InProgress": "bool",
        "Reason": "str",
        "Description": "str",
        "Status": "str",
        "DeploymentStrategy": "str",
        "Metadata": "any",
        "User": {"ID": "str", "Name": "str", "Email": "str", "EnablePaidHobby": "bool"},
        "EvaluationID": "str",
        "CreatedAt": "str",
        "ImageRef": "str",
    }
]
IMAGES: Shape = [
    {
        "Digest": "str",
        "Labels": "str",
        "MachineID": "str",
        "Registry": "str",
        "Repository": "str",
        "Tag": "str",
        "Version": "str",
    }
]
APPS: Shape = [
    {
        "ID": "str",
        "Name": "str",
        "Status": "str",
        "Deployed": "bool",
        "Hostname": "str",
        "PlatformVersion": "str",
        "Network": "str",
        "Organization": {"Name": "str", "Slug": "str", "...": "any"},
        "CurrentRelease": "any",
        "...": "any",
    }
]
SECRETS: Shape = [{"name": "str", "digest": "str", "status": "str"}]
CHECKS: Shape = {"*": [CHECK]}
