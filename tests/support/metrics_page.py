"""What a server tells Prometheus, as tests read it."""

import time
import urllib.request

from prometheus_client.parser import text_string_to_metric_families


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


class Page:
    """One scrape."""

    def __init__(self, text: str):
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self.samples = [sample for family in self.families.values() for sample in family.samples]

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples of that name with these labels, and perhaps others."""
        found = [sample.value for sample in self.samples
                 if sample.name == name and labels.items() <= sample.labels.items()]
        assert found, f"no sample {name} {labels}"
        return sum(found)

    def label_values(self, name: str, label: str) -> set[str]:
        return {sample.labels[label] for sample in self.samples if sample.name == name}

    def shape(self) -> list[str]:
        """`name type label,label` of each family; labels that only some samples have would come in several lines."""
        lines = set()
        for family in self.families.values():
            name = f"{family.name}_total" if family.type == "counter" else family.name
            lines.update(f"{name} {family.type} {','.join(sorted(set(sample.labels) - {'le'}))}".rstrip()
                         for sample in family.samples)
        return sorted(lines)


def scrape(url: str) -> Page:
    return Page(fetch(url))


def await_value(url: str, wanted: float, name: str, **labels: str) -> Page:
    """Scrapes until the value is there: a page may be given a few milliseconds again, and an answer may reach its
    caller before it is counted."""
    give_up = time.monotonic() + 20
    while (page := scrape(url)).value(name, **labels) != wanted:
        assert time.monotonic() < give_up, f"{name} {labels} is {page.value(name, **labels)}, not {wanted}"
        time.sleep(0.02)
    return page
