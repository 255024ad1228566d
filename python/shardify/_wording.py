"""Messages of the library, which speak of the command line, in the words of Python."""

from __future__ import annotations

import re

_CHOICES = "stop|skip|none|gzip|class|split|flat|jpeg|png|raw|slim|crop|decode|tfds|tf|dali|torch|grain"

_NAME = r"--(?P<name>[a-z][a-z-]*)"

_VALUE = r"""(?P<value>
            \d+(?:[.,]\d+)*[\w%]*               # 256MB, 9,000, 224x224, 0.1%
          | \w+=[^\s;)`]*[^\s;),.:`]            # train=0.8,test=0.2
          | [A-Z][\w.:]*\w | [A-Z]\b            # LIST.csv, N
          | (?:CHOICES)(?:\|(?:CHOICES))*(?!\w)
          | (?<=--name[ ])\S+(?=[ ]would[ ]do)
          | (?<=as[ ]in[ ]--image-key[ ])\S+
        )""".replace("CHOICES", _CHOICES)

_OPTION = re.compile(rf"(?P<quote>`?)(?<![\w-]){_NAME}(?P=quote)(?:[ ]{_VALUE})?", re.VERBOSE)

_VERBS = "convert|export|index|inspect|repair|report|reshard|validate"

_CALL = re.compile(
    rf"""\bshardify[ ](?P<verb>{_VERBS})
        (?:[ ](?P<path>(?!--)\S+)(?P<out>[ ]OUT\b)?)?
        (?P<options>(?:[ ]--[a-z][a-z-]*(?:[ ]{_VALUE})?)+)""".replace("?P<value>", "?:"),
    re.VERBOSE,
)

_CALL_WITH_OUT = re.compile(rf"\bshardify (?P<verb>{_VERBS}) (?P<path>\S+)(?P<out> OUT)\b(?P<options>)")

_VERB = re.compile(rf"\bshardify (?=(?:{_VERBS})\b)")


def as_python(text: str) -> str:
    """`--on-error skip` is `on_error="skip"` here, and `shardify validate` is `shardify.validate`."""
    if not re.search("--|shardify |last argument|command|with -v", text):
        return text
    text = _CALL_WITH_OUT.sub(_call, _CALL.sub(_call, text))
    # The verbs that replace single files have nothing to resume.
    text = re.sub(r"--overwrite(?= replaces)", "overwrite=True", text)
    text = re.sub(r"--(resume|overwrite)(?![\w-])", r'existing="\1"', text)
    text = re.sub(r"--no-(shuffle|duplicates)(?![\w-])", r"\1=False", text)
    text = re.sub(r"[;:] the last argument is the output.*$", "", text.replace("as the last argument", "as `out`"))
    text = re.sub(r"\b(?:repeat the earlier|run the same) command\b", "make the earlier call again", text)
    text = text.replace(", or with -v to see every reason", "")
    return _VERB.sub("shardify.", _OPTION.sub(_keyword, text))


def _call(line: re.Match[str]) -> str:
    """A call for a command line."""
    path, verb = line["path"], line["verb"]
    arguments = [] if path is None else [path if path.isupper() else f'"{path}"']
    arguments += ["OUT"] if line["out"] else []
    for option in _OPTION.finditer(line["options"]):
        name = option["name"]
        if name == "resume" or (name == "overwrite" and verb not in ("index", "export")):
            arguments.append(f'existing="{name}"')
        elif option["value"] is None:
            arguments.append(f"{name[3:]}=False" if name.startswith("no-") else f"{_keyword_of(name)}=True")
        else:
            arguments.append(_keyword(option))
    return f"shardify.{verb}({', '.join(arguments)})"


def _keyword(option: re.Match[str]) -> str:
    name, value = _keyword_of(option["name"]), option["value"]
    if value is None:
        return f"`{name}`"
    if name == "arrays" and "=" in value:
        column, _, file = value.partition("=")
        return f'{name}={{"{column}": "{file}"}}'
    sides = re.fullmatch(r"(\d+|WIDTH)x(\d+|HEIGHT)", value)
    if name == "size" and sides:
        return f"{name}=({sides[1]}, {sides[2]})"
    if re.fullmatch(r"[\d,]+|[A-Z]\w*", value):
        return f"{name}={value}"
    return f"{name}=" + " or ".join(f'"{one}"' for one in value.split("|"))


def _keyword_of(name: str) -> str:
    return {"array": "arrays", "for": "for_"}.get(name, name.replace("-", "_"))
