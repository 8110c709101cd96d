"""YAML events → Document. Aliases are counted, merge keys refused, duplicates told with both lines."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from monitor.contracts.document import Document, Value
from monitor.contracts.findings import Path, shown
from monitor.contracts.scalars import TAG, ScalarError, resolve

MOST_NODES = 50_000
"""Values after aliases are expanded; the largest official example has 13,034 events."""

DEEPEST = 64
MOST_ALIASES = 1_000
MOST_PROBLEMS = 100


class YamlError(Exception):
    """The text is not one plain YAML document; `problems` are (line, path, text)."""

    def __init__(self, problems: list[tuple[int, Path, str]]) -> None:
        """Keep the problems."""
        self.problems = problems
        super().__init__(f"{len(problems)} problems")


class _Mark(Protocol):
    line: int
    column: int


class _Event(Protocol):
    start_mark: _Mark
    anchor: str | None
    tag: str | None
    value: str
    implicit: tuple[bool, bool]
    style: str


@dataclass(slots=True)
class _Open:
    """A collection that is still being read."""

    value: dict[str, Value] | list[Value]
    path: Path
    anchor: str | None
    start: int
    key: str | None = None
    key_lines: dict[str, int] = field(default_factory=dict)
    expects_key: bool = True


def read_yaml(text: str) -> Document:
    """Return the one document in the text.

    Raises:
        YamlError: It is not YAML, not one mapping, or breaks a limit; every duplicate key is named at once.
    """
    return _read(text).finish()


def read_value(text: str) -> Value:
    """Return what a piece of YAML stands for, whatever it is.

    Raises:
        YamlError: It is not YAML or breaks a limit.
    """
    builder = _read(text)
    if builder.problems:
        raise YamlError(builder.problems)
    return builder.root


def _read(text: str) -> "_Builder":
    builder = _Builder()
    for kind, event in _events(text):
        builder.take(kind, event)
    return builder


def _events(text: str) -> Iterator[tuple[str, _Event]]:
    from _ruamel_yaml import CParser
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        parser = CParser(text)
        while (event := parser.get_event()) is not None:
            yield type(event).__name__, event
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line, text.count("\n")) + 1 if mark else 1
        column = f", column {mark.column + 1}" if mark else ""
        words = " ".join(str(part) for part in (error.context, error.problem) if part)
        raise YamlError([(line, (), f"not valid YAML{column}: {words}")]) from error
    except YAMLError as error:
        position = getattr(error, "position", None)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        reason = getattr(error, "reason", None) or str(error).splitlines()[0]
        raise YamlError([(line, (), f"not valid YAML: {reason}")]) from error


class _Builder:
    """Builds the tree from events; the path of what is being read is on the stack."""

    def __init__(self) -> None:
        self.stack: list[_Open] = []
        self.lines: dict[Path, int] = {}
        self.anchors: dict[str, tuple[Value, int] | None] = {}
        self.problems: list[tuple[int, Path, str]] = []
        self.nodes = 0
        self.aliases = 0
        self.documents = 0
        self.root: Value = None

    def take(self, kind: str, event: _Event) -> None:
        line = event.start_mark.line + 1
        match kind:
            case "ScalarEvent":
                self._scalar(event, line)
            case "MappingStartEvent":
                self._open(event, line, {}, "map")
            case "SequenceStartEvent":
                self._open(event, line, [], "seq")
            case "MappingEndEvent" | "SequenceEndEvent":
                self._close()
            case "AliasEvent":
                self._alias(event, line)
            case "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    self._refuse(line, (), "a second YAML document starts here; expected one contract per file")

    def finish(self) -> Document:
        if not self.problems and not isinstance(self.root, dict):
            found = "nothing" if self.root is None else f"{shown(self.root)}"
            self.problems.append((1, (), f"found {found}, expected a contract (a mapping that starts with apiVersion)"))
        if self.problems:
            raise YamlError(self.problems)
        assert isinstance(self.root, dict)  # noqa: S101 just made sure of
        return Document(root=self.root, lines=self.lines)

    def _scalar(self, event: _Event, line: int) -> None:
        text = event.value
        if "\0" in text:
            self._report(line, self._path(), "the text contains a NUL character, which no database can hold")
        top = self.stack[-1] if self.stack else None
        if isinstance(top, _Open) and isinstance(top.value, dict) and top.expects_key:
            self._key(top, event, line)
            return
        try:
            value = resolve(text, plain=event.implicit[0] and not event.style, tag=event.tag)
        except ScalarError as error:
            self._report(line, self._path(), str(error))
            value = None
        self._count(1, line)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        self._put(value, line)

    def _key(self, top: _Open, event: _Event, line: int) -> None:
        text = event.value
        if text == "<<" and not event.style:
            self._refuse(line, top.path, "merge keys (<<) are not allowed; write the keys out")
        try:
            meaning = resolve(text, plain=event.implicit[0] and not event.style, tag=event.tag)
        except ScalarError:
            meaning = None
        if not isinstance(meaning, str):
            self._report(line, top.path, f"the key {text[:60] or '(empty)'} is not text; put it in quotes")
        if event.anchor:
            self.anchors[event.anchor] = (text, 1)
        first = top.key_lines.get(text)
        if first is not None:
            self._report(line, (*top.path, text), f"this key stands here twice; it was first given on line {first}")
        top.key_lines.setdefault(text, line)
        top.key = text
        top.expects_key = False
        self._count(1, line)

    def _open(self, event: _Event, line: int, value: dict[str, Value] | list[Value], kind: str) -> None:
        path = self._path()
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.expects_key:
            self._refuse(line, top.path, "a mapping or list cannot be a key here; keys are text")
        if event.tag is not None and event.tag not in ("!", f"{TAG}{kind}"):
            self._report(line, path, f"the YAML tag {event.tag[:60]!r} is unknown here; remove it")
        if len(self.stack) >= DEEPEST:
            self._refuse(line, (), f"nested more than {DEEPEST} levels deep")
        self._count(1, line)
        if event.anchor:
            self.anchors[event.anchor] = None
        self.lines[path] = top.key_lines[top.key] if top is not None and top.key in top.key_lines else line
        self.stack.append(_Open(value=value, path=path, anchor=event.anchor, start=self.nodes))

    def _close(self) -> None:
        done = self.stack.pop()
        if done.anchor:
            self.anchors[done.anchor] = (done.value, self.nodes - done.start + 1)
        self._put(done.value, self.lines[done.path])

    def _alias(self, event: _Event, line: int) -> None:
        name = event.anchor or ""
        self.aliases += 1
        if self.aliases > MOST_ALIASES:
            self._refuse(line, (), f"more than {MOST_ALIASES:,} aliases; write the values out")
        if name not in self.anchors:
            self._refuse(line, self._path(), f"the alias *{name[:60]} has no anchor before it")
        found = self.anchors[name]
        if found is None:
            self._refuse(line, self._path(), f"the alias *{name[:60]} stands inside what it stands for")
            return
        value, size = found
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.expects_key:
            self._refuse(line, top.path, "an alias cannot be a key here; write the key out")
        self._count(size, line)
        self._put(_copied(value), line)

    def _put(self, value: Value, line: int) -> None:
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        if isinstance(top.value, dict):
            key = top.key or ""
            self.lines.setdefault((*top.path, key), top.key_lines.get(key, line))
            top.value.setdefault(key, value)
            top.expects_key = True
            top.key = None
        else:
            self.lines.setdefault((*top.path, len(top.value)), line)
            top.value.append(value)

    def _path(self) -> Path:
        if not self.stack:
            return ()
        top = self.stack[-1]
        if isinstance(top.value, dict):
            return top.path if top.key is None else (*top.path, top.key)
        return (*top.path, len(top.value))

    def _count(self, nodes: int, line: int) -> None:
        self.nodes += nodes
        if self.nodes > MOST_NODES:
            self._refuse(line, (), f"more than {MOST_NODES:,} values; split the contract")

    def _report(self, line: int, path: Path, text: str) -> None:
        self.problems.append((line, path, text))
        if len(self.problems) >= MOST_PROBLEMS:
            self._refuse(line, (), "too many problems to read on")

    def _refuse(self, line: int, path: Path, text: str) -> None:
        """Stop reading: going on would be dangerous or meaningless."""
        raise YamlError([*self.problems, (line, path, text)])


def _copied(value: Value) -> Value:
    """Return a deep copy; its depth is bounded because what was read is."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value
