"""The language of dynamic groups: ``status.wifi.rssi < -75 and not tag = spare``. Pure."""

from fleet_groups.query.compiler import Fact, Needs, Query, compile_query
from fleet_groups.query.parser import parse
from fleet_groups.query.subject import Known, Places, Subject
from fleet_groups.query.syntax import QueryError, write

__all__ = ["Fact", "Known", "Needs", "Places", "Query", "QueryError", "Subject", "compile_query", "parse", "write"]
