"""Where Sonde answers otherwise than blackbox_exporter, and why. The test fails on a difference that is not here, and on
one that is here and no longer occurs; docs/blackbox.md and docs/blackbox.zh-CN.md list the same texts."""

import dataclasses
import re


@dataclasses.dataclass
class Difference:
    kind: str  # "more": only Sonde has the sample; "less": only blackbox_exporter; "value": both, not the same
    metric: str  # pattern of the sample's name, with its labels
    cases: str  # pattern of the case's name
    en: str
    zh: str

    def covers(self, kind, sample, case):
        return kind == self.kind and re.fullmatch(self.metric, sample) and re.fullmatch(self.cases, case)


DIFFERENCES = []
