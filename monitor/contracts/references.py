"""Names inside one contract: `object.property` and `schema/<id>/properties/<id>`, resolved or explained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.contracts.findings import shown
from monitor.contracts.node import Node
from monitor.domain.contract import Element, Reference, Relationship

FULL_PARTS = 4
LONGEST = 500
MOST_ELEMENTS = 20


def _no_hint(_: str, __: Sequence[str]) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a contract declares. `columns` maps an object's name to its columns, in file order.

    `object_ids` and `column_ids` map the ids of objects, and of columns within an object, to names.
    `hint` suggests a known name for a misspelt one.
    """

    columns: Mapping[str, tuple[str, ...]]
    hint: Callable[[str, Sequence[str]], str] = _no_hint
    object_ids: Mapping[str, str] = field(default_factory=dict)
    column_ids: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def resolve(self, text: str, inside: str | None = None) -> tuple[str, str] | str:
        """Return (object, column) for a reference, or the reason why there is none.

        A bare column name is looked for in the object `inside`, where one is given.
        """
        text = text.strip()
        if len(text) > LONGEST:
            return f"{shown(text)} is too long for a reference"
        if "#" in text or ".yaml/" in text or ".yml/" in text:
            return f"{shown(text)} points into another file, which cannot be checked from here"
        if "/" in text:
            return self._full(text)
        return self._short(text, inside)

    def _full(self, text: str) -> tuple[str, str] | str:
        parts = text.removeprefix("/").split("/")
        if len(parts) < FULL_PARTS or parts[0] != "schema" or parts[2] != "properties":
            return f"{shown(text)} is no reference, expected schema/<id>/properties/<id>"
        dataset = self.object_ids.get(parts[1]) or (parts[1] if parts[1] in self.columns else None)
        if dataset is None:
            return f"no object has the id {shown(parts[1])}{self.hint(parts[1], [*self.object_ids])}"
        if len(parts) > FULL_PARTS:
            return f"{shown(text)} is a nested property, which is no column of a table"
        column = self.column_ids.get((dataset, parts[3]))
        if column is None and parts[3] in self.columns[dataset]:
            column = parts[3]
        if column is None:
            ids = [key[1] for key in self.column_ids if key[0] == dataset]
            return f"{dataset} has no property with the id {shown(parts[3])}{self.hint(parts[3], ids)}"
        return dataset, column

    def _short(self, text: str, inside: str | None) -> tuple[str, str] | str:
        dots = [index for index, letter in enumerate(text) if letter == "."]
        known = [(text[:dot], text[dot + 1 :]) for dot in dots if text[:dot] in self.columns]
        for dataset, column in known:
            if column in self.columns[dataset]:
                return dataset, column
        if inside is not None and text in self.columns.get(inside, ()):
            return inside, text
        for dataset, column in known:
            head = column.partition(".")[0]
            if head in self.columns[dataset]:
                return f"{shown(text)} is a nested property, which is no column of a table"
            return f"{dataset} declares no property {shown(column)}{self.hint(column, list(self.columns[dataset]))}"
        if text in self.columns:
            return f"{shown(text)} is an object, expected one of its properties ({text}.<property>)"
        if not dots:
            candidates = list(self.columns.get(inside, ())) if inside is not None else []
            return f"{shown(text)} names no object, expected object.property{self.hint(text, candidates)}"
        head = text[: dots[0]]
        return f"the contract declares no object {shown(head)}{self.hint(head, list(self.columns))}"


def read_relationships(owner: Node, dataset: str, column: str | None, names: Names) -> tuple[Relationship, ...]:
    """Return the foreign keys declared on an object, or on its property `column`; unresolved ends are remarked."""
    found = []
    for node in owner.items("relationships"):
        to = _ends(node, "to")
        start = _ends(node, "from") if column is None else [column]
        if not to or not start or not _fits(node, start, to, is_property=column is not None):
            continue
        if column is None:
            columns, problem = _own_columns(start, dataset, names)
        else:
            columns, problem = (column,), None
        reference = _reference(to, names, problem)
        found.append(Relationship(id=node.text("id"), columns=columns, to=reference, line=node.line))
    return tuple(found)


def read_elements(node: Node, text: str, names: Names) -> tuple[Element, ...]:
    """Return the columns that a service level names, separated by commas; unresolved ones are remarked."""
    only = next(iter(names.columns)) if len(names.columns) == 1 else None
    elements: list[Element] = []
    parts = text.split(",", MOST_ELEMENTS)
    if len(parts) > MOST_ELEMENTS:
        node.problem(f"names more than {MOST_ELEMENTS} elements")
        return ()
    for part in parts:
        if not part.strip():
            node.problem(f"found {shown(text)}, expected a name between and behind commas")
            continue
        found = names.resolve(part, only)
        if isinstance(found, str):
            dataset, _, column = part.strip().rpartition(".")
            elements.append(Element(dataset=dataset or only or "", column=column, text=part.strip(), problem=found))
        else:
            elements.append(Element(dataset=found[0], column=found[1], text=part.strip()))
    return tuple(elements)


def _ends(node: Node, key: str) -> list[str]:
    text = node.text(key)
    return [text] if text is not None else list(node.texts(key))


def _fits(node: Node, start: list[str], to: list[str], *, is_property: bool) -> bool:
    if not is_property and isinstance(node.at("from").value, str) != isinstance(node.at("to").value, str):
        node.problem("from and to must both be one property or both be lists")
        return False
    if len(start) != len(to):
        node.problem(f"from has {len(start)} and to has {len(to)} properties, expected as many")
        return False
    return True


def _own_columns(start: list[str], dataset: str, names: Names) -> tuple[tuple[str, ...], str | None]:
    columns = []
    for text in start:
        found = names.resolve(text, dataset)
        if isinstance(found, str):
            return tuple(start), found
        if found[0] != dataset:
            return tuple(start), f"{shown(text)} is no property of {dataset}, where this relationship stands"
        columns.append(found[1])
    return tuple(columns), None


def _reference(to: list[str], names: Names, problem: str | None) -> Reference:
    text = ", ".join(to)
    ends = [names.resolve(end) for end in to]
    unresolved = next((end for end in ends if isinstance(end, str)), None)
    resolved = [end for end in ends if not isinstance(end, str)]
    objects = list(dict.fromkeys(dataset for dataset, _ in resolved))
    if problem is None and unresolved is None and len(objects) > 1:
        problem = f"to names properties of {len(objects)} objects, expected one"
    if unresolved is not None or not resolved:
        return Reference(dataset="", columns=(), text=text, problem=problem or unresolved)
    return Reference(dataset=objects[0], columns=tuple(column for _, column in resolved), text=text, problem=problem)
