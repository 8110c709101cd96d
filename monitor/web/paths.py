"""Paths of the API: a contract's id may be any text at all, slashes and line ends too."""

from starlette.convertors import StringConvertor, register_url_convertor


class _Any(StringConvertor):
    regex = r"[\s\S]+"


register_url_convertor("any", _Any())

BASE = "/api/v1"
CONTRACT = BASE + "/contracts/{contract:any}"
