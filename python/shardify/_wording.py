"""Messages of the library, which speak of the command line, in the words of Python."""

from __future__ import annotations

import re

_CHOICES = "stop|skip|none|gzip|class|split|flat|jpeg|png|raw|slim|crop|decode"

_OPTION = re.compile(
    r"""(?P<quote>`?)(?<![\w-])--(?P<name>[a-z][a-z-]*)(?P=quote)
        (?:[ ](?P<value>
            \d+(?:[.,]\d+)*[\w%]*               # 256MB, 9,000, 224x224, 0.1%
          | \w+=[^\s;)`]*[^\s;),.:`]            # train=0.8,test=0.2
          | [A-Z][\w.:]*\w | [A-Z]\b            # LIST.csv, N
          | (?:CHOICES)(?:\|(?:CHOICES))*(?!\w)
          | (?<=--name[ ])\S+(?=[ ]would[ ]do)
          | (?<=as[ ]in[ ]--image-key[ ])\S+
        ))?""".replace("CHOICES", _CHOICES),
    re.VERBOSE,
)

_VERB = re.compile(r"\bshardify (?=(?:convert|export|index|inspect|repair|reshard|validate)\b)")


def as_python(text: str) -> str:
    """`--on-error skip` is `on_error="skip"` here, and `shardify validate` is `shardify.validate`."""
    text = text.replace("--manifest --overwrite", "manifest=True, overwrite=True")
    # These two verbs replace single files and have nothing to resume.
    text = re.sub(r"--overwrite(?= replaces)|(?<=shardify index )--overwrite", "overwrite=True", text)
    text = re.sub(r"--(resume|overwrite)(?![\w-])", r'existing="\1"', text)
    text = re.sub(r"--no-(shuffle|duplicates)(?![\w-])", r"\1=False", text)
    text = re.sub(r"[;:] the last argument is the output.*$", "", text.replace("as the last argument", "as `out`"))
    return _VERB.sub("shardify.", _OPTION.sub(_keyword, text))


def _keyword(option: re.Match[str]) -> str:
    name, value = option["name"].replace("-", "_"), option["value"]
    if value is None:
        return f"`{name}`"
    if re.fullmatch(r"[\d,]+|[A-Z]\w*", value):
        return f"{name}={value}"
    return f'{name}="{value}"'
