"""HTML and XML as trees: name, attributes, children; order of attributes and white space between elements mean nothing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)


class Element(dict[str, Any]):
    """An element: its name, its attributes, its children. With another name it is another element."""


def read_xml(text: str) -> Any:
    """Read XML.

    :raises ValueError: it is not well-formed, or declares entities.
    """
    if "<!ENTITY" in text:
        # entities may grow without bound; no service needs them
        raise ValueError("it declares entities")
    try:
        return _from_element(ET.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text)))  # noqa: S314 - entities are refused
    except ET.ParseError as error:
        raise ValueError(str(error)) from None


def _from_element(element: ET.Element, around: str = "") -> Element:
    """An element, with its namespace where that is not the one of the element around it."""
    space, _, name = element.tag.rpartition("}")
    children: list[Any] = _text(element.text)
    for child in element:
        children.append(_from_element(child, space))
        children += _text(child.tail)
    node = _node(name, dict(element.attrib), children)
    if space != around:
        node["namespace"] = space.removeprefix("{")
    return node


def _node(name: str, attributes: dict[str, Any], children: list[Any]) -> Element:
    node = Element(name=name)
    if attributes:
        node["attributes"] = attributes
    if children:
        node["children"] = children
    return node


def _text(text: str | None) -> list[Any]:
    folded = " ".join((text or "").split())
    return [folded] if folded else []


def read_html(text: str) -> Any:
    """Read HTML as browsers would, errors forgiven."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.finished()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        # references stay as written: `&lt;` for `<` is a difference
        super().__init__(convert_charrefs=False)
        self._open: list[tuple[str, dict[str, Any], list[Any]]] = [("", {}, [])]
        self._pending = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._flush()
        if tag in _VOID:
            self._open[-1][2].append(_node(tag, dict(attrs), []))
        else:
            self._open.append((tag, dict(attrs), []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._flush()
        self._open[-1][2].append(_node(tag, dict(attrs), []))

    def handle_endtag(self, tag: str) -> None:
        self._flush()
        if tag not in [name for name, _, _ in self._open[1:]]:
            return
        while True:
            name, attributes, children = self._open.pop()
            self._open[-1][2].append(_node(name, attributes, children))
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        self._pending += data

    def handle_entityref(self, name: str) -> None:
        self._pending += f"&{name};"

    def handle_charref(self, name: str) -> None:
        self._pending += f"&#{name};"

    def handle_comment(self, data: str) -> None:
        self._flush()
        self._open[-1][2].append({"comment": " ".join(data.split())})

    def handle_decl(self, decl: str) -> None:
        self._flush()
        self._open[-1][2].append({"declaration": decl.lower()})

    def finished(self) -> list[Any]:
        """All that stands at the top."""
        self._flush()
        while len(self._open) > 1:
            name, attributes, children = self._open.pop()
            self._open[-1][2].append(_node(name, attributes, children))
        return self._open[0][2]

    def _flush(self) -> None:
        self._open[-1][2].extend(_text(self._pending))
        self._pending = ""
