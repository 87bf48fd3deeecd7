"""Says for each YAML file whether the JSON Schema accepts it: `accepted FILE` or `refused FILE: WHY`.

usage: validate.py SCHEMA FILE...
"""
import json
import sys

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    """YAML 1.2's core schema where it matters: only true and false are booleans (PyYAML follows YAML 1.1)."""


Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", __import__("re").compile("^(?:true|false)$"), list("tf"))

schema = json.load(open(sys.argv[1], encoding="utf-8"))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
for name in sys.argv[2:]:
    with open(name, encoding="utf-8") as file:
        errors = list(validator.iter_errors(yaml.load(file, Loader)))
    if errors:
        why = jsonschema.exceptions.best_match(errors)
        print(f"refused {name}: {why.json_path}: {why.message[:200]!r}")
    else:
        print(f"accepted {name}")
