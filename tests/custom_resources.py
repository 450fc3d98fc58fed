"""Checks objects of custom resources as strictly as an API server: python custom_resources.py FILE.yaml

An object is read by the model of its kind and written again; a field that is lost on this way is one that the kind does
not have. Prints what it checked, and the kinds for which there is no model.
"""

import sys

import yaml
from cloudcoil.models.keda.v1alpha1 import ScaledObject
from cloudcoil.models.prometheus_operator.v1 import PodMonitor, PrometheusRule

MODELS = {
    ("keda.sh/v1alpha1", "ScaledObject"): ScaledObject,
    ("monitoring.coreos.com/v1", "PodMonitor"): PodMonitor,
    ("monitoring.coreos.com/v1", "PrometheusRule"): PrometheusRule,
}


def lost(given, read, path=""):
    """The paths of what stands in `given` and not in `read`."""
    if isinstance(given, dict) and isinstance(read, dict):
        for key, value in given.items():
            if key in read:
                yield from lost(value, read[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(given, list) and isinstance(read, list):
        for at, value in enumerate(given):
            yield from lost(value, read[at], f"{path}[{at}]")


def check(one):
    model = MODELS.get((one["apiVersion"], one["kind"]))
    name = f"{one['kind']} {one['metadata']['name']}"
    if model is None:
        if "." in one["apiVersion"].split("/")[0] and not one["apiVersion"].split("/")[0].endswith(".k8s.io"):
            print(f"no model: {one['kind']}")
        return True
    unknown = list(lost(one, model.model_validate(one).model_dump(mode="json", by_alias=True, exclude_unset=True)))
    print(f"wrong: {name}: {unknown}" if unknown else f"right: {name}")
    return not unknown


with open(sys.argv[1], encoding="utf-8") as file:
    results = [check(one) for one in yaml.safe_load_all(file)]
sys.exit(0 if all(results) else 1)
